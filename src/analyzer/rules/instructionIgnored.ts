import type { PromptReport } from '../report.ts';
import { lostFinding, lostInstructions, type Lost } from './lostInstruction.ts';
import { isLikely, prescribedSentence } from './prescribedAnswers.ts';
import { probeText } from './probeText.ts';
import type { Rule } from './rule.ts';
import { breakingList, quoted, twoDecimals } from './wording.ts';

function message(prompt: PromptReport, { breaking, shown, elsewhere, keptWith }: Lost, likely: boolean): string {
  const { loss, lossProbe, reason } = shown.measured ?? {};
  const head = [`${likely ? 'Likely ignored' : 'Ignored'} under ${breakingList(breaking)}`, ...elsewhere].join('; ');
  const prescribed = prescribedSentence(prompt, shown);
  if (shown.measured?.rung === 'behavior' && prescribed.length === 0) {
    return [`${head}. ${sentence(reason!)}.`, ...keptWith].join(' ');
  }
  const probe =
    lossProbe === undefined || lossProbe === null ? '' : ` on the probe ${quoted(probeText(prompt, lossProbe))}`;
  const onLoss =
    loss === undefined || loss === null
      ? []
      : [`Loss ${twoDecimals(loss)}${probe}${prescribed.length === 0 ? ', with a changed answer' : ''}.`];
  return [`${head}.`, ...prescribed, ...onLoss, ...keptWith].join(' ');
}

const sentence = (clause: string): string => clause.charAt(0).toUpperCase() + clause.slice(1);

export const instructionIgnored: Rule = {
  id: 'instruction-ignored',
  title: 'Instruction ignored',
  severity: 'warning',
  docs: {
    what: 'With a compressed cache the effect of this instruction on the answer is gone, although its entries are not all evicted. The message says "likely" when this rests on loss (influence above the floor, loss near 1, and an answer that changed) and not on behaviour. Behaviour is a leak, or an answer that the instruction prescribes word for word ("only reply with ...") and that the full cache finds likely because of it, at least -1 nat per token on average, while the compressed cache gives the whole of it a log-probability that is lower by 6 nats or more. One finding per instruction names every policy with its breaking ratio.',
    why: 'An instruction acts through a few entries in a few layers and heads. A policy can keep most of its entries and drop the ones that carried it, so retention alone does not show this.',
    example:
      "Likely ignored under SnapKV from 75 %; held by StreamingLLM, TOVA, H2O and K-Norm. Loss 0.93 on the probe 'Who are you?', with a changed answer.",
    whatToDo:
      'Look at the two answers side by side in the report, add a probe that exercises the instruction (`--probe`), and try another order (`holdfast reorder FILE`), another policy or a lower ratio.',
  },
  *check(prompt, settings) {
    for (const lost of lostInstructions(prompt, 'ignored', settings)) {
      const likely = lost.breaking.some(({ measured }) => isLikely(measured));
      yield lostFinding(prompt, 'instruction-ignored', lost, {
        severity: 'warning',
        message: message(prompt, lost, likely),
        rung: likely ? 'loss' : 'behavior',
        likely,
      });
    }
  },
};
