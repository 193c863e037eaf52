import { caseChecks } from './changeCase.ts';
import type { BoundCheck, Check, NotApplicable } from './check.ts';
import { combinationChecks } from './combination.ts';
import { contentChecks } from './detectableContent.ts';
import { formatChecks } from './detectableFormat.ts';
import { keywordChecks } from './keywords.ts';
import { languageChecks } from './language.ts';
import { lengthChecks } from './lengthConstraints.ts';
import { punctuationChecks } from './punctuation.ts';
import { replyChecks } from './reply.ts';
import { startEndChecks } from './startEnd.ts';
import { styleChecks } from './style.ts';

/** The 25 checks of IFEval, then Holdfast's own. */
export const checks: readonly Check[] = [
  ...keywordChecks,
  ...languageChecks,
  ...lengthChecks,
  ...contentChecks,
  ...formatChecks,
  ...combinationChecks,
  ...startEndChecks,
  ...caseChecks,
  ...punctuationChecks,
  ...replyChecks,
  ...styleChecks,
];

const byId: ReadonlyMap<string, Check> = new Map(checks.map((check) => [check.id, check]));

export const checkById = (id: string): Check | undefined => byId.get(id);

/** A check with its parameters, or why it cannot be applied. Takes ids and parameters of any file in IFEval's format. */
export function bindCheck(id: string, kwargs: Readonly<Record<string, unknown>>): BoundCheck | NotApplicable {
  return byId.get(id)?.bind(kwargs) ?? { notApplicable: `there is no check "${id}"` };
}
