import type { Segmentation } from '../prompt.ts';
import { recogniseChecks, responseScope, type RecognisedCheck } from './recognise/index.ts';

/** A check that an instruction of a prompt asks for. */
export interface InstructionCheck extends RecognisedCheck {
  /** Index into `segmentation.instructions`. `range` is in the prompt's text. */
  readonly instruction: number;
}

/**
 * The checks that the instructions of a prompt ask for. The sentences of one block are read together, because one may say how
 * many and the next of what; each check belongs to the instruction that holds its words.
 */
export function instructionChecks(
  text: string,
  { instructions }: Pick<Segmentation, 'instructions'>,
): InstructionCheck[] {
  const scope = responseScope(text);
  const blocks = new Map<number, number[]>();
  for (const [index, { block }] of instructions.entries()) blocks.set(block, [...(blocks.get(block) ?? []), index]);
  return [...blocks.values()].flatMap((members) => {
    const start = instructions[members[0]!]!.range.start;
    const end = instructions[members.at(-1)!]!.range.end;
    return recogniseChecks(text.slice(start, end), scope).flatMap((check) => {
      const range = { start: start + check.range.start, end: start + check.range.end };
      const instruction = members.find((index) => {
        const own = instructions[index]!.range;
        return own.start < range.end && range.start < own.end;
      });
      return instruction === undefined ? [] : [{ ...check, range, instruction }];
    });
  });
}
