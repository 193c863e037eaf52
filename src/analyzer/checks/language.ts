import { z } from 'zod';
import { defineCheck, type Check } from './check.ts';
import { couldBe, isKnownLanguage, languageName } from './text/languageOf.ts';

export const languageChecks: readonly Check[] = [
  defineCheck({
    id: 'language:response_language',
    origin: 'ifeval',
    title: 'is written in a language',
    kwargs: z.strictObject({ language: z.string().min(2) }),
    describe: (kwargs) => `is written in ${languageName(kwargs.language)}`,
    unsupported: ({ language }) =>
      isKnownLanguage(language) ? undefined : `the language ${language} is not recognised here`,
    // As in the reference, an answer whose language cannot be told (numbers, a name) does not fail.
    passes: (response, kwargs) => couldBe(response, kwargs.language),
  }),
];
