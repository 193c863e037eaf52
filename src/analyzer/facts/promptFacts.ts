import { createHash } from 'node:crypto';
import type { Prompt, Segmentation, TextRange } from '../prompt.ts';
import type { Fact } from './fact.ts';
import { findFacts } from './index.ts';

/** A fact of a prompt that an audit can ask for. */
export interface PromptFact extends Omit<Fact, 'leadIn'> {
  /** 12 hex digits of the hash of what leads in and the value: it survives edits elsewhere. */
  readonly id: string;
  /** The words that lead in to it. */
  readonly leadIn: string;
}

/**
 * The facts that the author of a prompt states: none that stands in a variable or an import, or that a marker takes out. One that
 * is stated twice in the same words is one.
 */
export function promptFacts(
  { text, segments }: Pick<Prompt, 'text' | 'segments'>,
  segmentation: Segmentation,
): PromptFact[] {
  const left = [
    ...segments.flatMap(({ text: range, hole }) => (hole === undefined ? [] : [range])),
    ...segmentation.ignored.map(({ range }) => range),
  ];
  const facts = new Map<string, PromptFact>();
  for (const { leadIn: before, ...fact } of findFacts(text, segmentation)) {
    const whole = { start: before.start, end: fact.range.end };
    if (left.some((range) => overlaps(range, whole))) continue;
    const leadIn = text.slice(before.start, before.end);
    const id = createHash('sha256').update(`${leadIn}\n${fact.text}`).digest('hex').slice(0, 12);
    if (!facts.has(id)) facts.set(id, { ...fact, id, leadIn });
  }
  return [...facts.values()];
}

const overlaps = (a: TextRange, b: TextRange): boolean => a.start < b.end && b.start < a.end;
