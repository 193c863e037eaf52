import { z } from 'zod';
import { defineCheck, type Check } from './check.ts';
import { isBlank, strip } from './text/pythonText.ts';

/** What an answer is made of. */
export const combinationChecks: readonly Check[] = [
  defineCheck({
    id: 'combination:two_responses',
    origin: 'ifeval',
    title: 'gives two answers separated by ******',
    kwargs: z.strictObject({}),
    describe: () => 'gives two different answers separated by ******',
    passes: (response) => {
      const pieces = response.split('******');
      if (pieces.slice(1, -1).some(isBlank)) return false;
      const answers = pieces.filter((piece) => !isBlank(piece)).map(strip);
      return answers.length === 2 && answers[0] !== answers[1];
    },
  }),
  defineCheck({
    id: 'combination:repeat_prompt',
    origin: 'ifeval',
    title: 'begins with the request',
    // What has to be repeated is the user's message, which no instruction of a prompt holds: who binds the check gives it.
    kwargs: z.strictObject({ prompt_to_repeat: z.string().min(1) }),
    describe: () => 'begins with the request, word for word',
    passes: (response, kwargs) =>
      strip(response).toLowerCase().startsWith(strip(kwargs.prompt_to_repeat).toLowerCase()),
  }),
];
