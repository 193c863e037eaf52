import { modelFree } from './modelFree.ts';
import type { Rule } from './rule.ts';

export const instructionsConflict: Rule = {
  id: 'instructions-conflict',
  title: 'Instructions in conflict',
  severity: 'warning',
  docs: {
    what: 'Two instructions ask for things of which a response can have only one: two languages, capitals and small letters, amounts that exclude each other, a word that is required and forbidden. It is information instead of a warning, and says "hardly", where a response could obey both and rarely does, such as JSON throughout and a postscript. Found from the wording of instructions that ask for something checkable, in English; rules for different cases ("if ...") are not compared. Needs no model.',
    why: 'The model obeys one of the two, and which one may change with every policy and ratio: what looks like an effect of compression is then one of the prompt. Losing either of them cannot be told from obeying the other.',
    example:
      'This instruction (has at least 300 words) and the one in line 4 (has less than 100 words) cannot both hold.',
    whatToDo: 'Drop one of the two, or say when each of them applies.',
  },
  *check(prompt) {
    for (const { instructions, asks, certain } of prompt.conflicts ?? []) {
      const [first, second] = instructions.map((id) => prompt.instructions.find((each) => each.id === id));
      if (first === undefined || second === undefined) continue;
      const line = first.range.start.line + 1;
      yield {
        rule: 'instructions-conflict',
        severity: certain ? 'warning' : 'information',
        message: `This instruction (${asks[1]}) and the one in line ${line} (${asks[0]}) ${certain ? 'cannot both hold' : 'hardly hold together'}.`,
        uri: prompt.uri,
        range: second.range,
        ...modelFree,
        instruction: second.id,
        related: [{ range: first.range, message: `The other instruction: ${asks[0]}.` }],
      };
    }
  },
};
