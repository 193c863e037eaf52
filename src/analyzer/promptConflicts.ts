import { conflictsOf, type Conflict } from './checks/conflicts.ts';
import { instructionChecks } from './checks/instructionChecks.ts';
import type { Segmentation } from './prompt.ts';
import type { ConflictReport } from './report.ts';

/** A report is made anew after every phase, and the words of the prompt do not change between two. */
const known = new WeakMap<Segmentation, readonly Conflict[]>();

/** The conflicts between instructions of a prompt, in the terms of the report. */
export function promptConflicts(text: string, segmentation: Segmentation): ConflictReport[] {
  const conflicts = known.get(segmentation) ?? conflictsOf(text, instructionChecks(text, segmentation));
  known.set(segmentation, conflicts);
  const id = (index: number): string => segmentation.instructions[index]!.id;
  return conflicts.map(({ instructions: [first, second], asks, isCertain }) => ({
    instructions: [id(first), id(second)],
    asks: [...asks],
    certain: isCertain,
  }));
}
