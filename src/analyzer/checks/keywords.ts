import { z } from 'zod';
import { defineCheck, type Check } from './check.ts';
import { count, holds, relation } from './relation.ts';
import { countOf, escaped, wordBoundary } from './text/pythonText.ts';

const words = z.array(z.string().min(1)).min(1);
const quotedList = (items: readonly string[]): string => items.map((item) => `"${item}"`).join(', ');

/** What an answer has to say, how often, and what not. */
export const keywordChecks: readonly Check[] = [
  defineCheck({
    id: 'keywords:existence',
    origin: 'ifeval',
    title: 'contains keywords',
    kwargs: z.strictObject({ keywords: words }),
    describe: ({ keywords }) => `contains ${quotedList(keywords)}`,
    passes: (response, { keywords }) => keywords.every((keyword) => new RegExp(escaped(keyword), 'iu').test(response)),
  }),
  defineCheck({
    id: 'keywords:frequency',
    origin: 'ifeval',
    title: 'contains a keyword a number of times',
    kwargs: z.strictObject({ keyword: z.string().min(1), frequency: count, relation }),
    describe: (kwargs) => `contains "${kwargs.keyword}" ${kwargs.relation} ${kwargs.frequency} times`,
    passes: (response, kwargs) =>
      holds(countOf(response, new RegExp(escaped(kwargs.keyword), 'giu')), kwargs.relation, kwargs.frequency),
  }),
  defineCheck({
    id: 'keywords:forbidden_words',
    origin: 'ifeval',
    title: 'avoids words',
    kwargs: z.strictObject({ forbidden_words: words }),
    describe: (kwargs) => `avoids the words ${quotedList(kwargs.forbidden_words)}`,
    passes: (response, kwargs) =>
      !kwargs.forbidden_words.some((word) =>
        new RegExp(`${wordBoundary}${escaped(word)}${wordBoundary}`, 'iu').test(response),
      ),
  }),
  defineCheck({
    id: 'keywords:letter_frequency',
    origin: 'ifeval',
    title: 'contains a letter a number of times',
    kwargs: z.strictObject({
      letter: z.string().refine((letter) => Array.from(letter).length === 1, 'one character'),
      let_frequency: count,
      let_relation: relation,
    }),
    describe: (kwargs) => `contains the letter "${kwargs.letter}" ${kwargs.let_relation} ${kwargs.let_frequency} times`,
    passes: (response, kwargs) =>
      holds(
        response.toLowerCase().split(kwargs.letter.toLowerCase()).length - 1,
        kwargs.let_relation,
        kwargs.let_frequency,
      ),
  }),
];
