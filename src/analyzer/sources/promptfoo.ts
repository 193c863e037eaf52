import type { MappedText } from '../prompt.ts';
import { at, plain, type DataNode } from './data/dataNode.ts';
import { readJson } from './data/jsonData.ts';
import { readYaml } from './data/yamlData.ts';
import { isChat, systemTurn } from './chatMessages.ts';
import { composed } from './composed.ts';
import type { PromptSource } from './promptSource.ts';
import { promptsFrom, type FoundText } from './promptsFrom.ts';
import { isExtraction, readData } from './readData.ts';
import { renderTemplate } from './template.ts';

/** promptfoo's configuration: prompts that stand in it. A prompt that is a file of its own is found where it is. */
export const promptfoo: PromptSource = {
  id: 'promptfoo',
  title: 'promptfoo configuration',
  patterns: ['**/promptfooconfig*.{yaml,yml,json}'],
  extract: async (file, options) => {
    const root = await readData(file);
    if (isExtraction(root)) return root;
    const samples = samplesOf(root);
    const prompts = at(root, 'prompts');
    const found: FoundText[] = [];
    for (const item of prompts?.kind === 'string' ? [prompts] : (prompts?.items ?? [])) {
      for (const text of await textsOf(item))
        found.push({ ...text, mapped: renderTemplate(text.mapped, 'jinja', samples, options) });
    }
    return promptsFrom(file, 'promptfoo', found, 'its prompts are in other files');
  },
};

/** A text without roles is one user turn, and often all there is: it is offered. */
async function textsOf(item: DataNode): Promise<FoundText[]> {
  const text = item.kind === 'object' ? (at(item, 'raw') ?? at(item, 'id')) : item;
  if (isChat(item)) return [systemTurn(item.items)].filter((turn) => turn !== undefined);
  if (
    text?.kind !== 'string' ||
    /^(?:file|exec|https?|langfuse|portkey|helicone):|^\S+\.\w{2,5}$/.test(text.value as string)
  )
    return [];
  const mapped = text.mapped();
  const chat = await chatWithin(mapped);
  return chat ?? [{ mapped, isLikely: true }];
}

/** A chat that is written as JSON or YAML inside a string: its system turn, in the positions of the outer file. */
async function chatWithin(mapped: MappedText): Promise<FoundText[] | undefined> {
  if (!/^\s*(?:\[|- )/.test(mapped.text)) return undefined;
  const result = await (mapped.text.trimStart().startsWith('[') ? readJson(mapped.text) : readYaml(mapped.text));
  if (!('root' in result) || !isChat(result.root)) return undefined;
  const turn = systemTurn(result.root.items);
  if (turn === undefined) return [];
  return [{ ...turn, mapped: composed(mapped, turn.mapped) }];
}

/** Values of the default test, then of the first test that has them. */
function samplesOf(root: DataNode): Record<string, unknown> {
  const all = [at(root, 'defaultTest', 'vars'), ...(at(root, 'tests')?.items ?? []).map((test) => at(test, 'vars'))];
  const samples: Record<string, unknown> = {};
  for (const vars of all) {
    for (const { key, value } of vars?.entries ?? []) {
      const sample = value.kind === 'array' ? value.items[0] : value;
      const isFile = value.kind === 'string' && (value.value as string).startsWith('file:');
      if (sample !== undefined && !isFile && !(key in samples)) samples[key] = plain(sample);
    }
  }
  return samples;
}
