import type { Finding, PromptReport, RuleId } from '../report.ts';
import { contextLost } from './contextLost.ts';
import { instructionEvicted } from './instructionEvicted.ts';
import { instructionIgnored } from './instructionIgnored.ts';
import { instructionInert } from './instructionInert.ts';
import { instructionsConflict } from './instructionsConflict.ts';
import { markerUnknown } from './markerUnknown.ts';
import { promptLeak } from './promptLeak.ts';
import { promptTruncated } from './promptTruncated.ts';
import { protectionExceedsBudget } from './protectionExceedsBudget.ts';
import { ranked } from './ranked.ts';
import type { Rule, RuleSettings } from './rule.ts';

export type { Rule, RuleSettings } from './rule.ts';

const byId: Record<RuleId, Rule> = {
  'prompt-truncated': promptTruncated,
  'prompt-leak': promptLeak,
  'instruction-evicted': instructionEvicted,
  'instruction-ignored': instructionIgnored,
  'context-lost': contextLost,
  'instructions-conflict': instructionsConflict,
  'instruction-inert': instructionInert,
  'marker-unknown': markerUnknown,
  'protection-exceeds-budget': protectionExceedsBudget,
};

/** Every rule, gravest first. */
export const rules: readonly Rule[] = Object.values(byId);

export function rule(id: RuleId): Rule {
  return byId[id];
}

/** Findings of one prompt, the gravest first. */
export function runRules(prompt: PromptReport, settings: RuleSettings): Finding[] {
  return allFindings(prompt, settings).filter((finding) => !isSuppressed(prompt, finding));
}

/** The findings that markers in the prompt suppress: counted and shown as such, so that a marker hides nothing unnoticed. */
export function suppressedFindings(prompt: PromptReport, settings: RuleSettings): Finding[] {
  return allFindings(prompt, settings).filter((finding) => isSuppressed(prompt, finding));
}

function allFindings(prompt: PromptReport, settings: RuleSettings): Finding[] {
  const found = rules.flatMap((each) => [...each.check(prompt, settings)]);
  return ranked(found.map((finding) => raised(prompt, finding)));
}

/** A leak is about the whole prompt, wherever the report shows it. */
function isSuppressed(prompt: PromptReport, { rule: id, instruction }: Finding): boolean {
  const own = prompt.instructions.find((each) => each.id === instruction);
  if (own?.suppressedRules.includes(id) === true) return true;
  return (instruction === null || id === 'prompt-leak') && prompt.suppressedRules.includes(id);
}

/** Losing what its author marked must-hold is an error; a warning where that is only likely. */
function raised(prompt: PromptReport, finding: Finding): Finding {
  const isLost = finding.rule === 'instruction-evicted' || finding.rule === 'instruction-ignored';
  const mustHold = prompt.instructions.some(({ id, mustHold: marked }) => marked && id === finding.instruction);
  return isLost && mustHold ? { ...finding, severity: finding.likely ? 'warning' : 'error' } : finding;
}
