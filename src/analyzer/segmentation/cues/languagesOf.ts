import { languages, type LanguageCues } from './index.ts';

/** A language counts when its function words are at least this share of all that were found. */
const smallestShare = 0.05;
/** With fewer function words than this, a text does not show its languages, and all are tried. */
const fewestHits = 4;

/**
 * The languages that a prompt is written in. Words of one language are cues in another ("come" asks in Portuguese and commands in
 * English), so only these are tried on its sentences.
 */
export function languagesOf(text: string): readonly LanguageCues[] {
  const found = (text.toLowerCase().match(/[\p{L}\p{M}]+/gu) ?? []).reduce((hits, word) => {
    for (const language of languages) {
      if (language.functionWords.has(word)) hits.set(language, (hits.get(language) ?? 0) + 1);
    }
    return hits;
  }, new Map<LanguageCues, number>());
  const total = [...found.values()].reduce((sum, hits) => sum + hits, 0);
  const scripts = languages.filter(({ script }) => script?.test(text) === true);
  if (total < fewestHits && scripts.length === 0) return languages.filter(({ script }) => script === undefined);
  const latin = languages.filter((language) => (found.get(language) ?? 0) >= Math.max(2, smallestShare * total));
  return [...latin, ...scripts];
}
