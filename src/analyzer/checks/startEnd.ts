import { z } from 'zod';
import { defineCheck, type Check } from './check.ts';
import { strip, stripEnd, stripStart } from './text/pythonText.ts';

/** How an answer begins and ends. */
export const startEndChecks: readonly Check[] = [
  defineCheck({
    id: 'startend:end_checker',
    origin: 'ifeval',
    title: 'ends with a phrase',
    kwargs: z.strictObject({ end_phrase: z.string().trim().min(1) }),
    describe: (kwargs) => `ends with "${kwargs.end_phrase}"`,
    passes: (response, kwargs) =>
      stripEnd(stripStart(strip(response), '"'), '"')
        .toLowerCase()
        .endsWith(strip(kwargs.end_phrase).toLowerCase()),
  }),
  defineCheck({
    id: 'startend:quotation',
    origin: 'ifeval',
    title: 'stands in double quotation marks',
    kwargs: z.strictObject({}),
    describe: () => 'stands in double quotation marks',
    passes: (response) => /^"[^]*"$/.test(strip(response)),
  }),
];
