import type { RetrievalRecord } from './records.ts';
import { meanOf, type Mean } from './statistics.ts';

/** Line retrieval under one cache. Standard errors are over prompts, whose questions share a cache. */
export interface Retrieval {
  readonly arm: string;
  /** The precision whose bytes it takes; null for the full cache. */
  readonly size: string | null;
  readonly bytes: number; // share of the full cache
  readonly questions: number;
  readonly accuracy: Mean;
  /** Of the number, nats per token. */
  readonly logProb: Mean;
}

export function retrievalTable(records: readonly RetrievalRecord[]): Retrieval[] {
  const arms = new Map(records.flatMap((record) => record.arms.map((arm) => [`${arm.size} ${arm.arm}`, arm] as const)));
  return [...arms.values()].map(({ arm, size }) => {
    const measured = records.flatMap((record) => record.arms.filter((each) => each.arm === arm && each.size === size));
    const over = (of: (question: RetrievalRecord['arms'][number]['questions'][number]) => number): Mean =>
      meanOf(measured.map(({ questions }) => meanOf(questions.map(of))!.mean))!;
    return {
      arm,
      size,
      bytes: meanOf(measured.map(({ bytes }) => bytes))!.mean,
      questions: measured.reduce((sum, { questions }) => sum + questions.length, 0),
      accuracy: over(({ correct }) => Number(correct)),
      logProb: over(({ logProb }) => logProb),
    };
  });
}
