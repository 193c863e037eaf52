import { z } from 'zod';
import { defineCheck, type Check } from './check.ts';
import { count } from './relation.ts';
import { countOf, escaped, lineEnd, space } from './text/pythonText.ts';

const postscripts: Readonly<Record<string, string>> = {
  'P.P.S': `p\\.${space}?p\\.${space}?s`,
  'P.S.': `p\\.${space}?s\\.`,
};

/** Parts that can be found in an answer. */
export const contentChecks: readonly Check[] = [
  defineCheck({
    id: 'detectable_content:number_placeholders',
    origin: 'ifeval',
    title: 'contains placeholders in square brackets',
    kwargs: z.strictObject({ num_placeholders: count }),
    describe: (kwargs) => `contains at least ${kwargs.num_placeholders} placeholders such as [name]`,
    passes: (response, kwargs) => countOf(response, /\[[^\n]*?\]/g) >= kwargs.num_placeholders,
  }),
  defineCheck({
    id: 'detectable_content:postscript',
    origin: 'ifeval',
    title: 'has a postscript',
    kwargs: z.strictObject({ postscript_marker: z.string().trim().min(1) }),
    describe: (kwargs) => `has a postscript that starts with ${kwargs.postscript_marker}`,
    passes: (response, kwargs) => {
      const marker = postscripts[kwargs.postscript_marker] ?? escaped(kwargs.postscript_marker.toLowerCase());
      return new RegExp(`${marker}[^\\n]*${lineEnd}`, 'u').test(response.toLowerCase());
    },
  }),
];
