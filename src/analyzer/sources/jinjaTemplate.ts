import { frontMatter } from './frontMatter.ts';
import { expandIncludes, type IncludeNotation } from './includes.ts';
import { concatenate, mapText, withoutBlankEdges } from './mappedText.ts';
import type { PromptSource } from './promptSource.ts';
import { promptsFrom } from './promptsFrom.ts';
import { readUpwards } from './readUpwards.ts';
import { leadingSystem, splitAtRoles } from './roleMarkers.ts';
import { renderTemplate } from './template.ts';

/**
 * Jinja templates: with role lines, as Prompt flow has them, the system's turns; without any, the whole file, which may be
 * a prompt.
 */
export const jinjaTemplate: PromptSource = {
  id: 'jinja',
  title: 'Jinja template',
  patterns: ['**/*.jinja2', '**/*.j2', '**/*.jinja', '**/*.njk'],
  isScan: true,
  extract: async (file, options) => {
    const whole = mapText(file.text, frontMatter(file.text).body);
    const { mapped: source, notes } = await expandIncludes(whole, file.uri, file.read, includes);
    const parent = /\{%-?\s*extends\s+([^%]*?)\s*-?%\}/.exec(source.text)?.[1];
    if (parent !== undefined) notes.push(`{% extends ${parent} %} is not followed: blocks are read where they stand.`);
    const told = notes.length === 0 ? {} : { notes };
    const turns = splitAtRoles(source, '');
    if (turns.every(({ role }) => role === '')) {
      const isNamedPrompt = /prompt|system|instruction|agent/i.test(file.uri);
      const mapped = renderTemplate(withoutBlankEdges(source), 'jinja', {}, options);
      return promptsFrom(
        file,
        'jinja',
        isNamedPrompt ? [{ mapped, isLikely: true, ...told }] : [],
        'it has no role lines and is not named as a prompt',
      );
    }
    // Instructions of the template itself, such as macros, may stand before the first role.
    const system = leadingSystem(turns.filter(({ role }) => role !== ''));
    const text = concatenate(
      system.map(({ mapped }) => mapped),
      '\n\n',
    );
    const mapped = renderTemplate(text, 'jinja', {}, options);
    return promptsFrom(file, 'jinja', [{ mapped, ...told }], 'it has no system turn');
  },
};

/** `{% include "name" %}`, from the folder of the template or one above. Jinja has no limit; a cycle ends. */
const includes: IncludeNotation = {
  depth: 20,
  marksOf: (text) =>
    [...text.matchAll(/\{%[-+]?\s*include\s+(?:"([^"%]+)"|'([^'%]+)')([^%]*?)[-+]?%\}/g)].map((match) => ({
      start: match.index,
      end: match.index + match[0].length,
      path: match[1] ?? match[2]!,
      shown: match[0],
      isSure: !/\bignore\s+missing\b/.test(match[3]!),
    })),
  find: readUpwards,
};
