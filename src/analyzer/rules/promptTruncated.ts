import type { PromptReport } from '../report.ts';
import { modelFree } from './modelFree.ts';
import type { Rule } from './rule.ts';
import { counted } from './wording.ts';

const grouped = (value: number): string => value.toLocaleString('en-US');

/** Instructions that begin after a place of the file, or go on beyond it. */
function lostAfter(prompt: PromptReport, offset: number): number {
  return prompt.instructions.filter(({ range }) => range.offsets[1] > offset).length;
}

function lostText(lost: number): string {
  if (lost === 0) return 'No instruction stands behind it.';
  return `${counted(lost, 'instruction')} behind it ${lost === 1 ? 'is' : 'are'} lost.`;
}

export const promptTruncated: Rule = {
  id: 'prompt-truncated',
  title: 'Prompt cut off by its tool',
  severity: 'warning',
  docs: {
    what: 'The file is longer than the tool that reads it takes, and the tool cuts it off. Counted from the file, without a model. An error when no instruction is left.',
    why: 'What stands behind the cut never reaches the model, with or without compression, and the tool may not say so. Where a tool joins files of several folders, the one that is nearest to the code is cut first.',
    example:
      'Codex cuts this file off here: it reads 32,768 bytes, and the file has 41,200. 12 instructions behind it are lost.',
    whatToDo:
      'Shorten the file, or move what matters before the cut. Rules for one folder belong into a file of that folder where the tool reads each by itself.',
  },
  *check(prompt) {
    for (const { tool, unit, most, before, size, range } of prompt.truncations ?? []) {
      const lost = lostAfter(prompt, range.offsets[0]);
      const above = before === 0 ? '' : `, of which the files above it take ${grouped(Math.min(before, most))}`;
      yield {
        rule: 'prompt-truncated',
        severity: lost > 0 && lost === prompt.instructions.length ? 'error' : 'warning',
        message: `${tool} cuts this file off here: it reads ${grouped(most)} ${unit}${above}, and the file has ${grouped(size)}. ${lostText(lost)}`,
        uri: prompt.uri,
        range,
        ...modelFree,
      };
    }
  },
};
