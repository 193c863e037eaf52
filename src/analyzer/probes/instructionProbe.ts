/**
 * Why a probe is sent: `forbidden` asks for what a prohibition forbids, `condition` brings about the case that a rule is for,
 * `sample` is a user turn that stands beside the prompt.
 */
export const instructionProbeKinds = [
  'identity',
  'extraction',
  'task',
  'forbidden',
  'condition',
  'user',
  'sample',
] as const;
export type InstructionProbeKind = (typeof instructionProbeKinds)[number];

/** A user turn, with the instructions that it is meant to make matter. */
export interface InstructionProbe {
  /** Stable: `identity`, `extraction` and `task` for the first of these, else the kind and a hash of the text. */
  readonly id: string;
  readonly kind: InstructionProbeKind;
  readonly text: string;
  /** Indices into the instructions of the prompt, ascending. */
  readonly for: readonly number[];
}
