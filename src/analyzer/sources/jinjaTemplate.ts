import { concatenate, mapText } from './mappedText.ts';
import type { PromptSource } from './promptSource.ts';
import { promptsFrom } from './promptsFrom.ts';
import { leadingSystem, splitAtRoles } from './roleMarkers.ts';
import { renderTemplate } from './template.ts';
import { bodyOf } from './wholeFile.ts';

/**
 * Jinja templates: with role lines, as Prompt flow has them, the system's turns; without any, the whole file, which may be
 * a prompt.
 */
export const jinjaTemplate: PromptSource = {
  id: 'jinja',
  title: 'Jinja template',
  patterns: ['**/*.jinja2', '**/*.j2', '**/*.jinja', '**/*.njk'],
  isScan: true,
  extract: (file, options) => {
    const turns = splitAtRoles(
      mapText(file.text, { start: file.text.startsWith('\uFEFF') ? 1 : 0, end: file.text.length }),
      '',
    );
    const hasRoles = turns.some(({ role }) => role !== '');
    const isNamedPrompt = /prompt|system|instruction|agent/i.test(file.uri);
    if (!hasRoles) {
      const found = { mapped: renderTemplate(bodyOf(file.text), 'jinja', {}, options), isLikely: true as const };
      return promptsFrom(
        file,
        'jinja',
        isNamedPrompt ? [found] : [],
        'it has no role lines and is not named as a prompt',
      );
    }
    // Instructions of the template itself, such as macros, may stand before the first role.
    const system = leadingSystem(turns.filter(({ role }) => role !== ''));
    const mapped = renderTemplate(
      concatenate(
        system.map(({ mapped }) => mapped),
        '\n\n',
      ),
      'jinja',
      {},
      options,
    );
    return promptsFrom(file, 'jinja', [{ mapped }], 'it has no system turn');
  },
};
