import type { EncodedTurn } from '../../runtime/languageModel.ts';
import type { HostedText } from '../hostedText.ts';
import type { Instruction, Segmentation } from '../prompt.ts';
import { assignTokens } from '../tokenSpans.ts';

/** Which tokens of the system turn are whose. */
export interface TurnPositions {
  /** Of each instruction, [instructions]; empty where it has none. */
  readonly instructions: Int32Array[];
  /** Of each run of spans that are no instructions. */
  readonly context: Int32Array[];
  /** Tokens that lie wholly in the host's text before and after the prompt; one at the seam is the prompt's. */
  readonly host: { readonly tokensBefore: number; readonly tokensAfter: number };
}

export function turnPositions(turn: HostedText, segmentation: Segmentation, encoded: EncodedTurn): TurnPositions {
  const { spans, instructions } = segmentation;
  const inTurn = spans.map(({ range }) => ({
    range: { start: range.start + turn.start, end: range.end + turn.start },
  }));
  const bySpan = positionsBySpan(assignTokens(encoded, inTurn).owners);
  return {
    instructions: instructions.map((instruction) => Int32Array.from(bySpan.get(spanOf(spans, instruction)) ?? [])),
    context: contextPositions(segmentation, bySpan),
    host: hostTokens(turn, encoded),
  };
}

function hostTokens({ start, end }: HostedText, { starts, ends, content }: EncodedTurn): TurnPositions['host'] {
  const shift = content.start - content.promptStart;
  return {
    tokensBefore: ends.filter((to, i) => starts[i]! >= content.start && to - shift <= start).length,
    tokensAfter: starts.filter((from, i) => from - shift >= end && ends[i]! <= content.end).length,
  };
}

function contextPositions(
  { spans, instructions }: Segmentation,
  bySpan: ReadonlyMap<number, readonly number[]>,
): Int32Array[] {
  const asked = new Set(instructions.map((instruction) => spanOf(spans, instruction)));
  const runs: number[][] = [[]];
  for (const span of spans.keys()) {
    if (asked.has(span)) runs.push([]);
    else runs.at(-1)!.push(...(bySpan.get(span) ?? []));
  }
  return runs.filter(({ length }) => length > 0).map((run) => Int32Array.from(run));
}

function positionsBySpan(owners: Int32Array): Map<number, number[]> {
  const bySpan = new Map<number, number[]>();
  for (const [token, owner] of owners.entries()) {
    if (owner < 0) continue;
    const positions = bySpan.get(owner);
    if (positions === undefined) bySpan.set(owner, [token]);
    else positions.push(token);
  }
  return bySpan;
}

const spanOf = (spans: Segmentation['spans'], { range }: Instruction): number =>
  spans.findIndex((span) => span.range.start === range.start && span.range.end === range.end);
