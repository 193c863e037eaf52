import type { MappedText } from '../prompt.ts';
import type { ExtractionOptions } from './promptSource.ts';
import { renderTemplate, type TemplateLanguage } from './template.ts';

/** Sets of values beyond this number are not read: tests of a prompt can be a data set. */
const mostSets = 8;

/** Names that authors give to what the user says. */
const userNames = ['question', 'query', 'user_input', 'userInput', 'user_message', 'input', 'message', 'user', 'text'];

/**
 * What a user says in the tests beside a prompt: its user turn with each set of values, or, where the file has no user turn, the
 * value whose name says that it is one. A turn with a variable that has no value is left out.
 */
export function sampleTurns(
  user: MappedText | undefined,
  language: TemplateLanguage,
  sets: readonly Readonly<Record<string, unknown>>[],
  options: ExtractionOptions,
): string[] {
  const turns = (sets.length === 0 ? [{}] : sets.slice(0, mostSets)).map((values) => {
    if (user === undefined) {
      const named = userNames.map((name) => values[name]).find((value) => typeof value === 'string');
      return named ?? '';
    }
    const { text, segments } = renderTemplate(user, language, values, options);
    return segments.some(({ hole }) => hole?.from === 'stand-in') ? '' : text;
  });
  return [...new Set(turns.map((turn) => turn.trim()).filter((turn) => turn !== ''))];
}

/** The samples of a prompt as its traits; nothing where there are none. */
export const withSamples = (samples: readonly string[]): { samples?: readonly string[] } =>
  samples.length === 0 ? {} : { samples };
