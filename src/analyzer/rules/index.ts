import type { Finding, PromptReport, RuleId } from '../report.ts';
import { instructionEvicted } from './instructionEvicted.ts';
import { instructionIgnored } from './instructionIgnored.ts';
import { instructionInert } from './instructionInert.ts';
import { promptLeak } from './promptLeak.ts';
import { promptTruncated } from './promptTruncated.ts';
import type { Rule, RuleSettings } from './rule.ts';

export type { Rule, RuleSettings } from './rule.ts';

const byId: Record<RuleId, Rule> = {
  'prompt-truncated': promptTruncated,
  'prompt-leak': promptLeak,
  'instruction-evicted': instructionEvicted,
  'instruction-ignored': instructionIgnored,
  'instruction-inert': instructionInert,
};

/** Every rule, gravest first. */
export const rules: readonly Rule[] = Object.values(byId);

export function rule(id: RuleId): Rule {
  return byId[id];
}

/** All findings of one prompt in file order, the gravest rule first where several stand at one place. */
export function runRules(prompt: PromptReport, settings: RuleSettings): Finding[] {
  return rules
    .flatMap((each) => [...each.check(prompt, settings)])
    .toSorted((a, b) => a.range.offsets[0] - b.range.offsets[0]);
}
