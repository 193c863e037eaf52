import { isSaidUncompressed, prescribedFate } from '../evidence/prescribedAnswer.ts';
import type { InstructionReport, PromptReport, VariantInstruction } from '../report.ts';
import { probeText } from './probeText.ts';
import { nats, quoted, variantTitle } from './wording.ts';

/** True where a variant lost the answer that the instruction prescribes: behaviour, whatever its loss is. */
export const losesPrescribed = (measured: VariantInstruction | undefined): boolean =>
  measured?.prescribed !== undefined && prescribedFate(measured.prescribed) === 'lost';

/** Whether `ignored` is only likely: loss says so, and no answer that was measured does. */
export const isLikely = (measured: VariantInstruction | undefined): boolean =>
  measured?.verdict === 'ignored' && measured.rung !== 'behavior';

/** True where the full cache gives the prescribed answer because of this instruction, which then has an effect. */
export const actsByPrescribing = ({ variants }: PromptReport, { id }: InstructionReport): boolean =>
  variants.some(({ instructions }) => {
    const prescribed = instructions.find((measured) => measured.id === id)?.prescribed;
    return prescribed !== undefined && isSaidUncompressed(prescribed);
  });

/** A sentence with both numbers, where this variant lost the prescribed answer. */
export function prescribedSentence(
  prompt: PromptReport,
  cell: { readonly policy: string; readonly ratio: number; readonly measured?: VariantInstruction },
): string[] {
  if (!losesPrescribed(cell.measured)) return [];
  const { text, probe, logProbFull, logProb } = cell.measured!.prescribed!;
  return [
    `The answer that it prescribes, ${quoted(text)}, falls from log-probability ${nats(logProbFull)} with the full cache to ${nats(logProb!)} under ${variantTitle(cell)}, on the probe ${quoted(probeText(prompt, probe))}.`,
  ];
}
