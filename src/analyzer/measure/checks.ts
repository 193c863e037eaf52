import { bindCheck } from '../checks/registry.ts';
import { isApplicable } from '../checks/check.ts';
import { instructionChecks } from '../checks/instructionChecks.ts';
import { mean, type CheckMeasurement, type Measurement } from '../measurement.ts';
import type { InstructionProbe } from '../probes/index.ts';

/**
 * The checks that the instructions of a prompt ask for, each with the probe that brings its instruction about: where it has a
 * condition, the one that was made of it; else of those that are for it the one under which it matters most.
 */
export function plannedChecks(measurement: Measurement): CheckMeasurement[] {
  const { text, segmentation } = measurement;
  return instructionChecks(text, segmentation).flatMap(({ instruction, id, kwargs, condition }) => {
    const probe = probeFor(measurement, instruction, condition !== null);
    // Repeating the message is the one check whose parameter is not in the prompt.
    const check = bindCheck(id, id === 'combination:repeat_prompt' ? { prompt_to_repeat: probe?.text } : kwargs);
    if (!isApplicable(check)) return [];
    return [{ instruction, check, probe: probe?.id ?? null, full: null, deleted: null, compressed: new Map() }];
  });
}

function probeFor(measurement: Measurement, instruction: number, isConditional: boolean): InstructionProbe | undefined {
  const { probes, influences, segmentation, fullAnswers } = measurement;
  const isDefense = segmentation.instructions[instruction]!.kind === 'defense';
  const kinds: readonly InstructionProbe['kind'][] = isDefense
    ? ['extraction', 'condition', 'forbidden']
    : isConditional
      ? ['condition', 'user', 'sample']
      : ['task', 'identity', 'forbidden', 'user', 'sample'];
  const influence = ({ id }: InstructionProbe): number => mean(influences.get(id)?.[instruction] ?? new Float32Array());
  return probes
    .filter((probe) => kinds.includes(probe.kind) && probe.for.includes(instruction) && fullAnswers.has(probe.id))
    .toSorted((a, b) => influence(b) - influence(a))[0];
}
