import type { PromptReport } from '../report.ts';
import { lostFinding, lostInstructions, probeText, type Lost } from './lostInstruction.ts';
import type { Rule } from './rule.ts';
import { breakingList, quoted, twoDecimals } from './wording.ts';

function message(prompt: PromptReport, { breaking, shown, elsewhere, keptWith }: Lost, likely: boolean): string {
  const { loss, lossProbe, reason } = shown.measured ?? {};
  const head = [`${likely ? 'Likely ignored' : 'Ignored'} under ${breakingList(breaking)}`, ...elsewhere].join('; ');
  if (shown.measured?.rung === 'behavior') return [`${head}. ${sentence(reason!)}.`, ...keptWith].join(' ');
  if (loss === undefined || loss === null) return [`${head}.`, ...keptWith].join(' ');
  const probe =
    lossProbe === undefined || lossProbe === null ? '' : ` on the probe ${quoted(probeText(prompt, lossProbe))}`;
  return [`${head}. Loss ${twoDecimals(loss)}${probe}, with a changed answer.`, ...keptWith].join(' ');
}

const sentence = (clause: string): string => clause.charAt(0).toUpperCase() + clause.slice(1);

export const instructionIgnored: Rule = {
  id: 'instruction-ignored',
  title: 'Instruction ignored',
  severity: 'warning',
  docs: {
    what: 'With a compressed cache the effect of this instruction on the answer is gone, although its entries are not all evicted. The message says "likely" when this rests on loss (influence above the floor, loss near 1, and an answer that changed) and not on a behaviour check. One finding per instruction names every policy with its breaking ratio.',
    why: 'An instruction acts through a few entries in a few layers and heads. A policy can keep most of its entries and drop the ones that carried it, so retention alone does not show this.',
    example:
      "Likely ignored under SnapKV from 75 %; held by StreamingLLM, TOVA, H2O and K-Norm. Loss 0.93 on the probe 'Who are you?', with a changed answer.",
    whatToDo:
      'Look at the two answers side by side in the report, add a probe that exercises the instruction (`--probe`), and try another order (`holdfast reorder FILE`), another policy or a lower ratio.',
  },
  *check(prompt, settings) {
    for (const lost of lostInstructions(prompt, 'ignored', settings)) {
      const likely = !lost.breaking.some(({ measured }) => measured?.rung === 'behavior');
      yield lostFinding(prompt, 'instruction-ignored', lost, {
        severity: 'warning',
        message: message(prompt, lost, likely),
        rung: likely ? 'loss' : 'behavior',
        likely,
      });
    }
  },
};
