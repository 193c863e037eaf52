import type { MappedText } from '../prompt.ts';
import { at, plain, type DataNode } from './data/dataNode.ts';
import { readJson } from './data/jsonData.ts';
import { readYaml } from './data/yamlData.ts';
import { isChat, systemTurn } from './chatMessages.ts';
import { composed } from './composed.ts';
import { slice, withoutBlankEdges } from './mappedText.ts';
import type { FileReader, PromptSource, SourceFile } from './promptSource.ts';
import { promptsFrom, type FoundText } from './promptsFrom.ts';
import { isExtraction, readData } from './readData.ts';
import { renderTemplate } from './template.ts';
import { bodyOf } from './wholeFile.ts';

/** promptfoo's configuration: prompts that stand in it, and those in files that it names. */
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
      for (const text of await textsOf(item, file))
        found.push({ ...text, mapped: renderTemplate(text.mapped, 'jinja', samples, options) });
    }
    return promptsFrom(file, 'promptfoo', found, 'its prompts are made by programs or in files that are not here');
  },
};

/** A text without roles is one user turn, and often all there is: it is offered. */
async function textsOf(item: DataNode, { read }: SourceFile): Promise<FoundText[]> {
  const text = item.kind === 'object' ? (at(item, 'raw') ?? at(item, 'id')) : item;
  if (isChat(item)) return [systemTurn(item.items)].filter((turn) => turn !== undefined);
  if (text?.kind !== 'string') return [];
  const said = (text.value as string).trim();
  const path = /^file:\/\/(.+)$/.exec(said)?.[1] ?? (/^\S+\.\w{2,5}$/.test(said) ? said : undefined);
  if (path !== undefined) return textsOfFile(path, read);
  // Programs, and stores of other services.
  if (/^(?:exec|https?|langfuse|portkey|helicone):/.test(said)) return [];
  const mapped = text.mapped();
  return (await chatWithin(mapped)) ?? [{ mapped, isLikely: true }];
}

/** Prompts of a file: a chat as JSON or YAML, or texts between lines of `---`. What a program makes is not known. */
async function textsOfFile(path: string, read: FileReader): Promise<FoundText[]> {
  if (!/\.(?:txt|md|j2|jinja2?|njk|json|ya?ml)$/i.test(path)) return [];
  const file = await read(path);
  if (!('text' in file)) return [];
  if (/\.(?:json|ya?ml)$/i.test(path)) {
    const root = await readData(file);
    const turn = !isExtraction(root) && isChat(root) ? systemTurn(root.items) : undefined;
    return turn === undefined ? [] : [{ ...turn, file }];
  }
  const whole = bodyOf(file.text);
  const found: FoundText[] = [];
  let start = 0;
  for (const match of [...whole.text.matchAll(/^---[ \t]*$/gm), { index: whole.text.length, 0: '' }]) {
    found.push({ mapped: withoutBlankEdges(slice(whole, start, match.index)), file, isLikely: true });
    start = match.index + match[0].length;
  }
  return found;
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
