import { modelFree } from './modelFree.ts';
import type { Rule } from './rule.ts';

export const markerUnknown: Rule = {
  id: 'marker-unknown',
  title: 'Marker not understood',
  severity: 'warning',
  docs: {
    what: 'A `holdfast:` comment in the prompt is not a marker, names no rule or kind, has no partner, or has no instruction to be about. Needs no model.',
    why: 'A misspelled marker protects or suppresses nothing, and its author believes that it does.',
    example: 'Marker without effect: unknown marker "must-hod". Did you mean "must-hold"?',
    whatToDo: 'Correct the marker, move it to the line above the instruction, or remove it.',
  },
  *check(prompt) {
    for (const { range, message, hint } of prompt.markerProblems) {
      yield {
        rule: 'marker-unknown',
        severity: 'warning',
        message: `Marker without effect: ${message}.${hint === null ? '' : ` ${hint}`}`,
        uri: prompt.uri,
        range,
        ...modelFree,
      };
    }
  },
};
