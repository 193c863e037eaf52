import { languageProfiles, type LanguageProfile, type Script } from './languageProfiles.ts';

/**
 * Tells the language of a text from its script, its small words and its letters. Deterministic, without training data.
 *
 * Limits: one language per text (that of most letters); 39 languages, and one that is not among them is taken for its nearest
 * neighbour or for none; Latin text without small words (a name, a list of nouns) has no language that can be told; Danish
 * and Norwegian are told apart on a sentence or more only.
 */

/** A score below this is what chance gives: one small word in seventeen. */
const leastScore = 0.06;

const letters = /\p{L}/gu;
const scriptPatterns: Readonly<Record<Script, RegExp>> = {
  Latin: /\p{Script=Latin}/gu,
  Cyrillic: /\p{Script=Cyrillic}/gu,
  Arabic: /\p{Script=Arabic}/gu,
  Devanagari: /\p{Script=Devanagari}/gu,
  Han: /\p{Script=Han}/gu,
  Kana: /[\p{Script=Hiragana}\p{Script=Katakana}]/gu,
  Hangul: /\p{Script=Hangul}/gu,
  Thai: /\p{Script=Thai}/gu,
  Hebrew: /\p{Script=Hebrew}/gu,
  Greek: /\p{Script=Greek}/gu,
  Bengali: /\p{Script=Bengali}/gu,
  Tamil: /\p{Script=Tamil}/gu,
  Telugu: /\p{Script=Telugu}/gu,
  Kannada: /\p{Script=Kannada}/gu,
  Malayalam: /\p{Script=Malayalam}/gu,
  Gujarati: /\p{Script=Gujarati}/gu,
  Gurmukhi: /\p{Script=Gurmukhi}/gu,
};

const amount = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;
const readable = (text: string): string => text.replace(/```[^]*?(?:```|$)|`[^`\n]*`|https?:\/\/\S+/g, ' ');

export const isKnownLanguage = (code: string): boolean => code === 'zh' || Object.hasOwn(languageProfiles, code);
export const languageName = (code: string): string =>
  code === 'zh' ? 'Chinese' : (languageProfiles[code]?.name ?? code);

/** ISO 639-1 code of the language of a text (`zh-cn`, `zh-tw` for Chinese); undefined where it cannot be told. */
export function languageOf(text: string): string | undefined {
  const ranked = rankedLanguages(text);
  const [best, second] = ranked;
  if (best === undefined) return undefined;
  if (ranked.length === 1) return best.code;
  return best.score >= leastScore && best.score > second!.score ? best.code : undefined;
}

/** False where the text is surely in another language; true where it is in this one, or where that cannot be told. */
export function couldBe(text: string, code: string): boolean {
  const ranked = rankedLanguages(text);
  if (ranked.length === 0) return true;
  const codes = code === 'zh' ? ['zh-cn', 'zh-tw'] : [code];
  const own = ranked.find((each) => codes.includes(each.code));
  if (own === undefined) return false;
  const best = ranked[0]!;
  return own.score === best.score || best.score < leastScore;
}

/** The languages of the script that most letters of the text are of, best first; none for a text without letters. */
function rankedLanguages(whole: string): { code: string; score: number }[] {
  const prose = readable(whole);
  const text = (amount(prose, letters) > 0 ? prose : whole).normalize('NFC').toLowerCase();
  const script = scriptOf(text);
  if (script === undefined) return [];
  const words = text.match(/[\p{L}\p{M}'’]+/gu) ?? [];
  return Object.entries(languageProfiles)
    .filter(([, each]) => each.script === script)
    .map(([code, each]) => ({ code, score: scoreOf(each, text, words) }))
    .toSorted((a, b) => b.score - a.score);
}

function scriptOf(text: string): Script | undefined {
  const counts = (Object.keys(scriptPatterns) as Script[])
    .map((script) => ({ script, count: amount(text, scriptPatterns[script]) }))
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.count - a.count);
  const first = counts[0];
  if (first === undefined) return undefined;
  // Japanese mixes kana with more Han than kana; Chinese has no kana.
  const kana = counts.find(({ script }) => script === 'Kana');
  return first.script === 'Han' && kana !== undefined && kana.count * 8 > first.count ? 'Kana' : first.script;
}

/** Share of words that are small words of the language, and half the share of words with letters of its own, at most a half. */
function scoreOf({ words: known, marks }: LanguageProfile, text: string, words: readonly string[]): number {
  if (words.length === 0) return 0;
  const small = words.filter((word) => known.has(word.replaceAll('’', "'"))).length / words.length;
  const own = marks === undefined ? 0 : amount(text, marks) / words.length;
  return small + Math.min(0.5, own / 2);
}
