import { at, plain, type DataNode } from './data/dataNode.ts';
import { systemTurn } from './chatMessages.ts';
import type { PromptSource } from './promptSource.ts';
import { promptsFrom } from './promptsFrom.ts';
import { isExtraction, readData } from './readData.ts';
import { renderTemplate } from './template.ts';

/** Prompt files of GitHub Models: `messages`, and samples of the variables in `testData`. */
export const githubModels: PromptSource = {
  id: 'github-models',
  title: 'GitHub Models prompt',
  patterns: ['**/*.prompt.{yml,yaml}'],
  extract: async (file, options) => {
    const root = await readData(file);
    if (isExtraction(root)) return root;
    const turn = systemTurn(at(root, 'messages')?.items ?? []);
    const found = turn && { ...turn, mapped: renderTemplate(turn.mapped, 'handlebars', samplesOf(root), options) };
    return promptsFrom(file, 'github-models', found === undefined ? [] : [found], 'it has no system message');
  },
};

function samplesOf(root: DataNode): Record<string, unknown> {
  const first = at(root, 'testData', 0);
  return first?.kind === 'object' ? (plain(first) as Record<string, unknown>) : {};
}
