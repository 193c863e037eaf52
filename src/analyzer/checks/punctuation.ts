import { z } from 'zod';
import { defineCheck, type Check } from './check.ts';

export const punctuationChecks: readonly Check[] = [
  defineCheck({
    id: 'punctuation:no_comma',
    origin: 'ifeval',
    title: 'has no comma',
    kwargs: z.strictObject({}),
    describe: () => 'has no comma',
    passes: (response) => !response.includes(','),
  }),
];
