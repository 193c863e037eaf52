import { at, everyNode, stringAt } from './data/dataNode.ts';
import type { PromptSource } from './promptSource.ts';
import { promptsFrom, type FoundText } from './promptsFrom.ts';
import { isExtraction, readData } from './readData.ts';
import { bodyOf } from './wholeFile.ts';

/** The fields of an agent's or mode's definition that are its system prompt. */
const fields = ['roleDefinition', 'customInstructions', 'instructions', 'system_prompt', 'systemPrompt'] as const;

/** Definitions of agents as YAML or JSON: modes of Roo Code, recipes of goose, agents of opencode. */
export const agentYaml: PromptSource = {
  id: 'agent-definition',
  title: 'Agent definition',
  patterns: [
    '**/.roomodes',
    '**/recipe.{yaml,yml}',
    '**/.goose/**/*.{yaml,yml}',
    '**/opencode.json',
    '**/opencode.jsonc',
  ],
  extract: async (file) => {
    const isJson = /^\s*\{/.test(file.text);
    const root = await readData(isJson ? { ...file, uri: `${file.uri}.json` } : file);
    if (isExtraction(root)) return root;
    const found: FoundText[] = [];
    for (const node of everyNode(root)) {
      for (const field of fields) {
        const value = at(node, field);
        if (value?.kind === 'string') found.push({ mapped: value.mapped() });
      }
      const prompt = at(node, 'prompt');
      const reference = /^\{(file|env):([^}]+)\}$/.exec(stringAt(node, 'prompt')?.trim() ?? '');
      if (reference?.[1] === 'file') {
        const named = await file.read(reference[2]!.trim());
        if ('text' in named) found.push({ mapped: bodyOf(named.text), file: named });
      } else if (prompt?.kind === 'string' && reference === null && stringAt(node, 'mode') !== undefined)
        found.push({ mapped: prompt.mapped() });
    }
    return promptsFrom(file, 'agent-definition', found, 'it defines no instructions');
  },
};
