import type { TextRange } from '../../prompt.ts';
import { codeRanges, quotedRanges } from '../../segmentation/sentences.ts';

/** A sentence of a text, as it stands there. */
export interface AskedSentence extends TextRange {
  readonly text: string;
}

/** The text of one or more instructions, cut for recognition. */
export interface AskedText {
  readonly text: string;
  readonly sentences: readonly AskedSentence[];
}

/** A check that a text asks for, with the place of its words. */
export interface Found {
  readonly id: string;
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly at: TextRange;
}

const sentenceGap = /[.!?]["'”’)\]]*\s+(?=[\p{Lu}"'“‘*#-])|\n+/gu;

/** Cuts at ends of sentences and lines; what stands in quotes is not cut. Inline code is blank: no word of an answer is. */
export function askedText(source: string): AskedText {
  const text = withoutInlineCode(source);
  const units = text.split('');
  for (const { start, end } of quotedRanges(text)) {
    if (text[start] === '(') continue;
    // The last character stays: a full stop in quotes may end the sentence too.
    for (let i = start + 1; i < end - 2; i++) if (/[.!?\n]/.test(units[i]!)) units[i] = ' ';
  }
  const shielded = units.join('');
  const sentences: AskedSentence[] = [];
  let start = 0;
  for (const match of [...shielded.matchAll(sentenceGap), null]) {
    const end = match === null ? text.length : match.index + match[0].length;
    const raw = text.slice(start, end);
    const trimmed = raw.trim();
    if (trimmed !== '') {
      const at = start + raw.indexOf(trimmed);
      sentences.push({ text: trimmed, start: at, end: at + trimmed.length });
    }
    start = end;
  }
  return { text, sentences };
}

/** With spaces for inline code and for the marks of strong words, so that places stay. */
function withoutInlineCode(source: string): string {
  const units = source.split('');
  for (const { start, end } of codeRanges(source))
    if (!source.startsWith('```', start) && !source.slice(start, end).includes('\n')) units.fill(' ', start, end);
  return units.join('').replace(/(?<![*_])(\*\*|__)(?=[^\s*_])([^*_\n]+)\1(?![*_])/gu, '  $2  ');
}

/** Words that turn a request into its opposite. */
export const NEG =
  "(?:(?<!don['’]t forget to )(?:do not|does not|don['’]?t|doesn['’]?t|never|must not|mustn['’]t|should not|shouldn['’]t|cannot|can not|can['’]t|may not|avoid(?:ing|s)?|refrain(?:ing|s)? from|without|not allowed to|not(?= (?:contain|include|use|mention|say|write|have)[^\\p{L}])|not to|to not|exclud(?:e|es|ing)|omit(?:s|ting)?|no|free of|devoid of|forbidden to))";
const negated = new RegExp(`\\b${NEG}\\b`, 'iu');

export const isNegated = (text: string): boolean =>
  negated.test(text.replace(/\bdo not forget to\b|\bdon['’]t forget to\b/giu, ''));

const quotes = '"\'“”‘’«»`*';

/** Texts in quotes, without the quotes. */
export function quotedTexts(text: string): string[] {
  return [
    ...text.matchAll(
      /["“”«]([^"“”«»\n]{1,200})["“”»]|(?<![\p{L}\p{N}])['‘`]([^'‘’`\n]{1,100}(?:['’][^'‘’`\n]{1,60})?)['’`](?![\p{L}\p{N}])/gu,
    ),
  ].map((match) => (match[1] ?? match[2])!.trim());
}

const listEnd =
  /\b(?:throughout|somewhere|anywhere|in (?:your|the|this|any|its|my|all|each|every)|within (?:your|the)|at (?:least|most|any|all)|but|when|while|and (?:make|ensure|use|do|wrap|write|include|add|end|provide|highlight|put|the (?:entire|response))|etc|as (?:well|part|a)|to (?:describe|craft|write|refer|make)|for|because|since|if|so that|into|from|on)\b|[.;!?](?:\s|$)|\s[-–—(]/iu;
const leadingWords =
  /^(?:(?:the|a|an|of|following|these|this|word|words|keyword|keywords|term|terms|phrase|phrases|name|names|item|items|with|are|is|both|either|like|and|or)\b[\s:]*|[:\s-]+)+/iu;

/** Items of a list such as `"a", "b" and c`: those in quotes where there are any, else bare words. */
export function listItems(text: string): string[] {
  const quoted = quotedTexts(text);
  if (quoted.length > 0) return unique(quoted.map(cleanItem));
  const end = listEnd.exec(text);
  const list = text.slice(0, end?.index ?? text.length).replace(leadingWords, '');
  return unique(
    list
      .split(/,|;|&|\n|\band\b|\bor\b/iu)
      .map(cleanItem)
      .map((item) => item.replace(/^(?:the|words?|keywords?)\s+/iu, '')),
  ).filter((item) => item.split(/\s+/).length <= 4);
}

function cleanItem(item: string): string {
  let start = 0;
  let end = item.length;
  while (start < end && (quotes + '[(: ').includes(item[start]!)) start++;
  while (end > start && (quotes + '])., :!').includes(item[end - 1]!)) end--;
  return item.slice(start, end);
}

const unique = (items: readonly string[]): string[] => [...new Set(items.filter((item) => item !== ''))];
