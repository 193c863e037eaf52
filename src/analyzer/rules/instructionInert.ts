import type { InstructionReport, PromptReport } from '../report.ts';
import { defends } from './leakAnswers.ts';
import { actsByPrescribing } from './prescribedAnswers.ts';
import type { Rule } from './rule.ts';
import { counted } from './wording.ts';

/** Nats are shown with three decimals: the floor (0.03) and the noise around it (0.005 to 0.01) must be distinguishable. */
const nats = (value: number): string => value.toFixed(3);

/** True when every probe was measured and none gave the instruction influence; the audit's own verdict also counts. */
function isInert(prompt: PromptReport, instruction: InstructionReport, floor: number): boolean {
  if (instruction.influence === null || instruction.influence.nats >= floor) return false;
  const judged = prompt.variants.some(({ instructions }) =>
    instructions.some(({ id, verdict }) => id === instruction.id && verdict === 'inert'),
  );
  return judged || prompt.probes.every(({ id }) => id in instruction.influences);
}

export const instructionInert: Rule = {
  id: 'instruction-inert',
  title: 'Instruction without measured influence',
  severity: 'information',
  docs: {
    what: 'With the full cache, masking this instruction changes no answer above the noise floor, under any probe that was sent. Not said of a defense instruction when the prompt leaks under compression only, or of an instruction whose prescribed answer the full cache gives: then it has an effect.',
    why: 'Either this model does not use the instruction even without compression, or no probe made it matter. In both cases this audit cannot tell whether compression loses it: it is neither held nor lost.',
    example:
      'No measured influence with the full cache: at most 0.012 nats per token over 3 probes (floor 0.030). These probes cannot tell whether compression loses it; add a probe that needs it.',
    whatToDo:
      'Add a probe that needs the instruction (`--probe "..."`). If it still has none, the model ignores it uncompressed: reword it or drop it, and save its tokens.',
  },
  *check(prompt, settings) {
    for (const instruction of prompt.instructions) {
      if (!isInert(prompt, instruction, settings.influenceFloor)) continue;
      if (defends(prompt, instruction, settings) || actsByPrescribing(prompt, instruction)) continue;
      const influence = instruction.influence!;
      yield {
        rule: 'instruction-inert',
        severity: 'information',
        message: `No measured influence with the full cache: at most ${nats(influence.nats)} nats per token over ${counted(prompt.probes.length, 'probe')} (floor ${nats(settings.influenceFloor)}). These probes cannot tell whether compression loses it; add a probe that needs it.`,
        uri: prompt.uri,
        range: instruction.range,
        rung: 'loss',
        instruction: instruction.id,
        likely: false,
        evidence: {
          breaking: [],
          safe: [],
          influence: influence.nats,
          probe: influence.probe,
          loss: null,
          risk: null,
          retention: null,
          leak: null,
          fullLeak: null,
        },
      };
    }
  },
};
