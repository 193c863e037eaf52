import type { FileRange, PromptReport } from '../report.ts';

/** The prompt's first line as far as the report knows it: all of a one-line prompt, else its first instruction. */
export function firstLine(prompt: PromptReport): FileRange {
  if (prompt.range.start.line === prompt.range.end.line) return prompt.range;
  return (
    prompt.instructions[0]?.range ?? {
      ...prompt.range,
      end: prompt.range.start,
      offsets: [prompt.range.offsets[0], prompt.range.offsets[0]],
    }
  );
}
