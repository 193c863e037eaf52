import { at, plain, type DataNode } from './data/dataNode.ts';
import { firstUserTurn, systemTurn } from './chatMessages.ts';
import type { PromptSource } from './promptSource.ts';
import { promptsFrom } from './promptsFrom.ts';
import { isExtraction, readData } from './readData.ts';
import { sampleTurns, withSamples } from './sampleTurns.ts';
import { renderTemplate } from './template.ts';

/** Prompt files of GitHub Models: `messages`, and samples of the variables in `testData`. */
export const githubModels: PromptSource = {
  id: 'github-models',
  title: 'GitHub Models prompt',
  patterns: ['**/*.prompt.{yml,yaml}'],
  extract: async (file, options) => {
    const root = await readData(file);
    if (isExtraction(root)) return root;
    const messages = at(root, 'messages')?.items ?? [];
    const turn = systemTurn(messages);
    const sets = samplesOf(root);
    const found = turn && {
      ...turn,
      mapped: renderTemplate(turn.mapped, 'handlebars', sets[0] ?? {}, options),
      ...withSamples(sampleTurns(firstUserTurn(messages), 'handlebars', sets, options)),
    };
    return promptsFrom(file, 'github-models', found === undefined ? [] : [found], 'it has no system message');
  },
};

/** The values of each test, in the order of the file. */
function samplesOf(root: DataNode): Record<string, unknown>[] {
  return (at(root, 'testData')?.items ?? [])
    .filter(({ kind }) => kind === 'object')
    .map((set) => plain(set) as Record<string, unknown>);
}
