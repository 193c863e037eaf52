import { z } from 'zod';
import { defineCheck, type Check } from './check.ts';
import { count, holds, relation } from './relation.ts';
import { countOf, escaped, isBlank, wordBoundary } from './text/pythonText.ts';

const emoji = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F|[\u{1F1E6}-\u{1F1FF}]{2}|[0-9#*]\uFE0F?\u20E3/u;
const markdown = [
  /^ {0,3}#{1,6} \S/m,
  /^\s*(?:[*+-]|\d{1,3}[.)]) \S/m,
  /\*\*[^*\n]+\*\*|__[^_\n]+__/,
  /(?<![\w*])\*[^*\s](?:[^*\n]*[^*\s])?\*(?![\w*])/,
  /^\s*(?:```|~~~|>\s)/m,
  /`[^`\n]+`/,
  /\[[^\]\n]+\]\([^)\s]+\)/,
  /^\s*\|.*\|\s*$/m,
];
const bullet = /^[ \t]*(?:[*+•‣◦–-]|\d{1,3}[.)])[ \t]+\S/gmu;
const codeBlock = /```[^]*?(?:```|$)/g;

/** How an answer is written, for instructions that IFEval has no check for. */
export const styleChecks: readonly Check[] = [
  defineCheck({
    id: 'style:banned_words',
    origin: 'holdfast',
    title: 'avoids words and phrases',
    kwargs: z.strictObject({ words: z.array(z.string().min(1)).min(1) }),
    describe: ({ words }) => `avoids ${words.map((word) => `"${word}"`).join(', ')}`,
    passes: (response, { words }) => !words.some((word) => phrase(word).test(response.replace(/[’‘]/g, "'"))),
  }),
  defineCheck({
    id: 'style:no_emoji',
    origin: 'holdfast',
    title: 'has no emoji',
    kwargs: z.strictObject({}),
    describe: () => 'has no emoji',
    passes: (response) => !emoji.test(response),
  }),
  defineCheck({
    id: 'style:no_markdown',
    origin: 'holdfast',
    title: 'has no Markdown',
    kwargs: z.strictObject({}),
    describe: () => 'has no Markdown marks',
    passes: (response) => !markdown.some((mark) => mark.test(response)),
  }),
  defineCheck({
    id: 'style:characters',
    origin: 'holdfast',
    title: 'has a number of characters',
    kwargs: z.strictObject({ characters: count, relation }),
    describe: (kwargs) => `has ${kwargs.relation} ${kwargs.characters} characters`,
    passes: (response, kwargs) => holds(Array.from(response.trim()).length, kwargs.relation, kwargs.characters),
  }),
  defineCheck({
    id: 'style:questions',
    origin: 'holdfast',
    title: 'asks a number of questions',
    kwargs: z.strictObject({ questions: count, relation }),
    describe: (kwargs) => `asks ${kwargs.relation} ${kwargs.questions} questions`,
    passes: (response, kwargs) =>
      holds(
        countOf(response.replace(codeBlock, ''), /[?？؟]+(?=\s|["'”’)\]*]|$)/gu),
        kwargs.relation,
        kwargs.questions,
      ),
  }),
  defineCheck({
    id: 'style:bullets',
    origin: 'holdfast',
    title: 'has a number of list items',
    kwargs: z.strictObject({ bullets: count, relation }),
    describe: (kwargs) => `has ${kwargs.relation} ${kwargs.bullets} list items`,
    passes: (response, kwargs) => holds(countOf(response, bullet), kwargs.relation, kwargs.bullets),
  }),
  defineCheck({
    id: 'style:paragraphs',
    origin: 'holdfast',
    title: 'has a number of paragraphs',
    kwargs: z.strictObject({ paragraphs: count, relation }),
    describe: (kwargs) => `has ${kwargs.relation} ${kwargs.paragraphs} paragraphs separated by blank lines`,
    passes: (response, kwargs) =>
      holds(
        response.split(/\n[^\S\n]*\n/).filter((piece) => !isBlank(piece)).length,
        kwargs.relation,
        kwargs.paragraphs,
      ),
  }),
];

/** A word or phrase between word boundaries, where its script has any, over any white space. */
function phrase(text: string): RegExp {
  const body = text.trim().replace(/[’‘]/g, "'").split(/\s+/).map(escaped).join('\\s+');
  const hasNoSpaces = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u.test(text);
  const edge = (character: string): string => (!hasNoSpaces && /[\p{L}\p{N}_]/u.test(character) ? wordBoundary : '');
  const trimmed = text.trim();
  return new RegExp(`${edge(trimmed[0]!)}${body}${edge(trimmed.at(-1)!)}`, 'iu');
}
