import type { TextRange } from '../prompt.ts';

export const factKinds = ['email', 'url', 'phone', 'hours', 'price', 'date', 'number', 'name'] as const;
export type FactKind = (typeof factKinds)[number];

/**
 * What an answer makes of a fact: it states it, it states another value of the same kind in its place (a hallucination), or it
 * states no such value.
 */
export const factOutcomes = ['stated', 'other', 'none'] as const;
export type FactOutcome = (typeof factOutcomes)[number];

/** Something that a prompt states and a model can only know from it. */
export interface Fact {
  readonly kind: FactKind;
  /** As the prompt writes it. */
  readonly text: string;
  /** Its place in the prompt's text. */
  readonly range: TextRange;
  /** What stands before it in its own sentence or line, which a model goes on from: "Our phone number is ". */
  readonly leadIn: TextRange;
}
