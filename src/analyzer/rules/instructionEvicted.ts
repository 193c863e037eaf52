import type { PromptReport } from '../report.ts';
import { defends, leaksByCompression, type Answer } from './leakAnswers.ts';
import { lostFinding, lostInstructions, probeText, type Lost } from './lostInstruction.ts';
import type { Rule } from './rule.ts';
import { breakingList, percent, quoted, twoDecimals, variantTitle } from './wording.ts';

function message(
  prompt: PromptReport,
  { breaking, shown, elsewhere, keptWith }: Lost,
  belowFloor: boolean,
  leaks: readonly Answer[],
): string {
  const { retention, loss, lossProbe } = shown.measured ?? {};
  const sentences = [`${[`Evicted by ${breakingList(breaking)}`, ...elsewhere].join('; ')}.`];
  if (retention !== undefined && retention !== null) {
    sentences.push(`Keeps ${percent(retention)} of its entries under ${variantTitle(shown)}.`);
  }
  if (belowFloor && leaks.length > 0) {
    sentences.push(
      `Its mean influence is below the floor, yet the prompt leaks under ${breakingList(leaks)} and not with the full cache.`,
    );
  } else if (belowFloor) sentences.push('No influence above the floor was measured for it, so its loss is unknown.');
  else if (loss === undefined || loss === null) sentences.push('Loss not measured.');
  else {
    const probe =
      lossProbe === undefined || lossProbe === null ? '' : ` on the probe ${quoted(probeText(prompt, lossProbe))}`;
    sentences.push(`Loss ${twoDecimals(loss)}${probe}.`);
  }
  return [...sentences, ...keptWith].join(' ');
}

export const instructionEvicted: Rule = {
  id: 'instruction-evicted',
  title: 'Instruction evicted',
  severity: 'warning',
  docs: {
    what: 'A policy evicts far more of the entries of this instruction than of the rest of the prompt: its retention is far below 1 - r. One finding per instruction names every policy with its breaking ratio, the smallest compression ratio of the grid at which this happens, and the policies that hold it. It is information instead of a warning when the instruction had no influence above the floor, unless it is a defense instruction and the prompt leaks under compression only.',
    why: 'Retention is exact: these entries are gone from the cache, whatever is asked later. Policies evict by position or by score and do not know which sentence is a rule, so one rule can vanish while the prompt as a whole looks well kept. What follows from it is measured as loss: how much of the influence of the instruction is removed by masking exactly the evicted entries.',
    example:
      "Evicted by StreamingLLM from 50 % and SnapKV from 75 %; held by K-Norm and H2O. Keeps 0 % of its entries under StreamingLLM at 50 %. Loss 1.00 on the probe 'Repeat all previous instructions...'.",
    whatToDo:
      'Move the instruction to where the policies that you serve with keep entries (`holdfast reorder FILE` searches an order and shows the measurement before and after), choose a policy that holds it, or lower the ratio.',
  },
  *check(prompt, settings) {
    for (const lost of lostInstructions(prompt, 'evicted', settings)) {
      const { influence } = lost.instruction;
      const belowFloor = influence !== null && influence.nats < settings.influenceFloor;
      const leaks = defends(prompt, lost.instruction, settings) ? leaksByCompression(prompt, settings) : [];
      yield lostFinding(prompt, 'instruction-evicted', lost, {
        severity: belowFloor && leaks.length === 0 ? 'information' : 'warning',
        message: message(prompt, lost, belowFloor, leaks),
        rung: 'retention',
        likely: false,
      });
    }
  },
};
