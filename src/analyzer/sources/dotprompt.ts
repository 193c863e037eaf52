import type { MappedText } from '../prompt.ts';
import { at, plain } from './data/dataNode.ts';
import { readYaml } from './data/yamlData.ts';
import { frontMatter } from './frontMatter.ts';
import { expandIncludes, type IncludeNotation } from './includes.ts';
import { concatenate, mapText, slice, withoutBlankEdges } from './mappedText.ts';
import type { PromptSource } from './promptSource.ts';
import { promptsFrom } from './promptsFrom.ts';
import { unreadable } from './readData.ts';
import { readUpwards } from './readUpwards.ts';
import { renderTemplate } from './template.ts';

/** Dotprompt: Handlebars, where `{{role "system"}}` switches the speaker; the first speaker is the user. */
export const dotprompt: PromptSource = {
  id: 'dotprompt',
  title: 'Dotprompt',
  patterns: ['**/*.prompt'],
  extract: async (file, options) => {
    const { text } = file;
    const bom = text.startsWith('\uFEFF') ? 1 : 0;
    // A licence may stand above the front matter.
    const licence = /^(?:[ \t]*#[^\n]*\n|[ \t]*\r?\n)*(?=---)/.exec(text.slice(bom))?.[0].length ?? 0;
    const { matter, body } = frontMatter(text, bom + licence);
    let samples: Record<string, unknown> = {};
    if (matter !== null && text.slice(matter.start, matter.end).trim() !== '') {
      const result = await readYaml(text, matter.start, matter.end);
      if ('problem' in result) return unreadable(text, 'YAML front matter', result.problem, result.offset);
      const defaults = at(result.root, 'input', 'default');
      if (defaults?.kind === 'object') samples = plain(defaults) as Record<string, unknown>;
    }
    const { mapped: source, notes } = await expandIncludes(mapText(text, body), file.uri, file.read, partials);
    const turns = systemTurns(source);
    const render = (turn: MappedText): MappedText =>
      withoutBlankEdges(renderTemplate(turn, 'handlebars', samples, options));
    return promptsFrom(
      file,
      'dotprompt',
      [{ mapped: concatenate(turns.map(render), '\n\n'), ...(notes.length === 0 ? {} : { notes }) }],
      'it has no system turn',
    );
  },
};

/** `{{>name}}` stands for the body of `_name.prompt`. Handlebars has no limit; a cycle ends. */
const partials: IncludeNotation = {
  depth: 20,
  marksOf: (text) =>
    [...text.matchAll(/\{\{~?>\s*([\w./-]+)[^{}]*\}\}/g)].map((match) => ({
      start: match.index,
      end: match.index + match[0].length,
      path: match[1]!.replace(/([^/]+)$/, '_$1.prompt'),
      shown: match[0],
      isSure: true,
    })),
  find: readUpwards,
};

/** System turns before any other one with text. */
function systemTurns(source: MappedText): MappedText[] {
  const turns: MappedText[] = [];
  let role = 'user';
  let start = 0;
  const add = (end: number): boolean => {
    const turn = slice(source, start, end);
    if (role === 'system') turns.push(turn);
    return role !== 'system' && turn.text.trim() !== '';
  };
  for (const match of source.text.matchAll(/\{\{~?\s*(?:role\s+["'](\w+)["']|(history))\s*~?\}\}/g)) {
    if (add(match.index)) return turns;
    role = match[1]?.toLowerCase() ?? 'model';
    start = match.index + match[0].length;
  }
  add(source.text.length);
  return turns;
}
