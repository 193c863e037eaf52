import { at, type DataNode } from './data/dataNode.ts';
import { concatenate } from './mappedText.ts';
import type { PromptSource } from './promptSource.ts';
import { promptsFrom, type FoundText } from './promptsFrom.ts';
import { isExtraction, readData } from './readData.ts';
import { renderTemplate } from './template.ts';

const fields = ['role', 'goal', 'backstory'] as const;

/** CrewAI's agents: role, goal and backstory become one system prompt each. The words that CrewAI adds are not shown. */
export const crewai: PromptSource = {
  id: 'crewai',
  title: 'CrewAI agents',
  patterns: ['**/agents.{yaml,yml}'],
  extract: async (file, options) => {
    const root = await readData(file);
    if (isExtraction(root)) return root;
    const found = root.entries.flatMap(({ value }): FoundText[] => {
      const texts = fields.flatMap((field) => text(at(value, field)));
      if (texts.length < 2) return [];
      return [{ mapped: renderTemplate(concatenate(texts, '\n\n'), 'braces', {}, options) }];
    });
    return promptsFrom(file, 'crewai', found, 'it has no agent with role, goal and backstory');
  },
};

const text = (node: DataNode | undefined) => (node?.kind === 'string' ? [node.mapped()] : []);
