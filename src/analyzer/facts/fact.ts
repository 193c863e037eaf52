import type { TextRange } from '../prompt.ts';

export const factKinds = ['email', 'url', 'phone', 'hours', 'price', 'date', 'number', 'name'] as const;
export type FactKind = (typeof factKinds)[number];

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
