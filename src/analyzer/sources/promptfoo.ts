import type { MappedText } from '../prompt.ts';
import { at, plain, type DataNode } from './data/dataNode.ts';
import { readJson } from './data/jsonData.ts';
import { readYaml } from './data/yamlData.ts';
import { firstUserTurn, isChat, systemTurn } from './chatMessages.ts';
import { composed } from './composed.ts';
import { slice, withoutBlankEdges } from './mappedText.ts';
import type { FileReader, PromptSource, SourceFile } from './promptSource.ts';
import { promptsFrom, type FoundText } from './promptsFrom.ts';
import { isExtraction, readData } from './readData.ts';
import { sampleTurns, withSamples } from './sampleTurns.ts';
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
    const sets = testValues(root);
    const samples = firstValues(sets);
    const prompts = at(root, 'prompts');
    const found: FoundText[] = [];
    for (const item of prompts?.kind === 'string' ? [prompts] : (prompts?.items ?? [])) {
      for (const { user, ...text } of await textsOf(item, file)) {
        const turns = sampleTurns(user, 'jinja', sets, options);
        found.push({
          ...text,
          mapped: renderTemplate(text.mapped, 'jinja', samples, options),
          // Without roles the whole prompt is the user's turn, and its variables are no turns of their own.
          ...(text.isLikely === true ? {} : withSamples(turns)),
        });
      }
    }
    return promptsFrom(file, 'promptfoo', found, 'its prompts are made by programs or in files that are not here');
  },
};

/** A system turn, with the user turn that follows it. */
interface Turns extends FoundText {
  readonly user?: MappedText | undefined;
}

/** A text without roles is one user turn, and often all there is: it is offered. */
async function textsOf(item: DataNode, { read }: SourceFile): Promise<Turns[]> {
  const text = item.kind === 'object' ? (at(item, 'raw') ?? at(item, 'id')) : item;
  if (isChat(item)) {
    const turn = systemTurn(item.items);
    return turn === undefined ? [] : [{ ...turn, user: firstUserTurn(item.items) }];
  }
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
async function chatWithin(mapped: MappedText): Promise<Turns[] | undefined> {
  if (!/^\s*(?:\[|- )/.test(mapped.text)) return undefined;
  const result = await (mapped.text.trimStart().startsWith('[') ? readJson(mapped.text) : readYaml(mapped.text));
  if (!('root' in result) || !isChat(result.root)) return undefined;
  const turn = systemTurn(result.root.items);
  if (turn === undefined) return [];
  const user = firstUserTurn(result.root.items);
  return [{ ...turn, mapped: composed(mapped, turn.mapped), ...(user && { user: composed(mapped, user) }) }];
}

/** The values of each test, those of the default test where it has none of its own; of a list the first. */
function testValues(root: DataNode): Record<string, unknown>[] {
  const defaults = valuesOf(at(root, 'defaultTest', 'vars'));
  const tests = (at(root, 'tests')?.items ?? []).map((test) => ({ ...defaults, ...valuesOf(at(test, 'vars')) }));
  return tests.length > 0 ? tests : Object.keys(defaults).length > 0 ? [defaults] : [];
}

function valuesOf(vars: DataNode | undefined): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { key, value } of vars?.entries ?? []) {
    const sample = value.kind === 'array' ? value.items[0] : value;
    const isFile = value.kind === 'string' && (value.value as string).startsWith('file:');
    if (sample !== undefined && !isFile) values[key] = plain(sample);
  }
  return values;
}

/** One value for every variable: that of the first test that has it. */
const firstValues = (sets: readonly Record<string, unknown>[]): Record<string, unknown> =>
  sets.toReversed().reduce<Record<string, unknown>>((values, set) => ({ ...values, ...set }), {});
