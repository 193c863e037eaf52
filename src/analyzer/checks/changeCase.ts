import { z } from 'zod';
import { defineCheck, type Check } from './check.ts';
import { count, holds, relation } from './relation.ts';
import { couldBe } from './text/languageOf.ts';
import { isLower, isUpper } from './text/pythonText.ts';
import { wordTokens } from './text/wordTokens.ts';

/** Capitals and small letters. */
export const caseChecks: readonly Check[] = [
  defineCheck({
    id: 'change_case:capital_word_frequency',
    origin: 'ifeval',
    title: 'has words in capitals a number of times',
    kwargs: z.strictObject({ capital_frequency: count, capital_relation: relation }),
    describe: (kwargs) => `has ${kwargs.capital_relation} ${kwargs.capital_frequency} words in capitals`,
    passes: (response, kwargs) =>
      holds(wordTokens(response).filter(isUpper).length, kwargs.capital_relation, kwargs.capital_frequency),
  }),
  defineCheck({
    id: 'change_case:english_capital',
    origin: 'ifeval',
    title: 'is English in capitals',
    kwargs: z.strictObject({}),
    describe: () => 'is English in capital letters',
    // Capitals change what a detector sees.
    passes: (response) => isUpper(response) && couldBe(response.toLowerCase(), 'en'),
  }),
  defineCheck({
    id: 'change_case:english_lowercase',
    origin: 'ifeval',
    title: 'is English in small letters',
    kwargs: z.strictObject({}),
    describe: () => 'is English in small letters',
    passes: (response) => isLower(response) && couldBe(response, 'en'),
  }),
];
