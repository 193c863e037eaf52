import type { TextRange } from '../prompt.ts';
import type { LanguageCues } from './cues/index.ts';
import { cueText, isRule, opensCondition } from './kinds.ts';
import { codeRanges, quotedRanges } from './sentences.ts';
import { trim } from './trim.ts';

/** A longer sentence is not searched for a second rule. */
const longestSentence = 1000;

/**
 * The rules of one sentence. It is cut after a semicolon between two rules, and after a comma where a forbidding rule follows ("and
 * never ..."). Not after a condition that it opens with, which holds for both, and not inside quotations, brackets or code.
 */
export function splitRules(text: string, sentence: TextRange, languages: readonly LanguageCues[]): TextRange[] {
  const source = text.slice(sentence.start, sentence.end);
  if (source.length > longestSentence || !/[;；,，،؛]/.test(source) || opensCondition(cueText(source), languages))
    return [sentence];
  const shielded = [...quotedRanges(source), ...codeRanges(source)];
  const parts: TextRange[] = [];
  let start = 0;
  for (const { index, 0: mark } of source.matchAll(/[;；؛]|[,，،](?=\s)/g)) {
    if (shielded.some((range) => range.start <= index && index < range.end)) continue;
    const left = cueText(source.slice(start, index));
    const right = cueText(source.slice(index + 1));
    const isSeparate = /[,，،]/.test(mark)
      ? languages.some(({ contrast }) => contrast.test(right))
      : !languages.some(({ dependency }) => dependency.test(right));
    if (!isSeparate || !isRule(left, languages) || !isRule(withoutConjunction(right), languages)) continue;
    parts.push({ start, end: index + 1 });
    start = index + 1;
  }
  parts.push({ start, end: source.length });
  return parts.map((part) => trim(text, { start: sentence.start + part.start, end: sentence.start + part.end }));
}

/** "and never share it" as the rule "never share it". */
const withoutConjunction = (clause: string): string =>
  clause.replace(/^(?:and|but|or|so|yet|und|aber|oder|jedoch|et|mais|ou|y|pero|ni|e|ma|né|mas|nem) /, '');
