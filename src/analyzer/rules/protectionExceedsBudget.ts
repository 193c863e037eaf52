import type { Finding, PromptReport } from '../report.ts';
import { firstLine } from './firstLine.ts';
import { modelFree } from './modelFree.ts';
import type { Rule } from './rule.ts';
import { breakingList, protectionTitle } from './wording.ts';

type Unmeasured = PromptReport['unmeasured'][number];

/** The smallest ratio at which a protection does not fit, per policy. */
function firstPerPolicy(variants: readonly Unmeasured[]): Unmeasured[] {
  const ascending = variants.toSorted((a, b) => a.ratio - b.ratio);
  return ascending.filter(({ policy }, index) => ascending.findIndex((other) => other.policy === policy) === index);
}

export const protectionExceedsBudget: Rule = {
  id: 'protection-exceeds-budget',
  title: 'Protection exceeds the budget',
  severity: 'warning',
  docs: {
    what: 'What is to be kept has more entries than the compression ratio leaves. These variants are not measured, and nothing is said about them.',
    why: 'A protection is budget-neutral: what it keeps takes the place of other entries. Where the protected instructions alone exceed the budget, an engine would have to drop some of what was promised, or keep more than the ratio says.',
    example:
      'The whitelist does not fit under StreamingLLM and SnapKV from 75 %: The whitelist needs 61 of 30 slots. Not measured there.',
    whatToDo:
      'Protect fewer or shorter instructions, use a smaller compression ratio, or write `whitelist(overflow=keep-first)` to keep as many as fit.',
  },
  *check(prompt): Generator<Finding, void, void> {
    const tooLarge = prompt.unmeasured.filter(({ code }) => code === 'protection-exceeds-budget');
    for (const protection of new Set(tooLarge.map((variant) => variant.protection ?? ''))) {
      const first = firstPerPolicy(tooLarge.filter((variant) => (variant.protection ?? '') === protection));
      const reason = first[0]!.reason.replace(/(?<=\.) .*$/su, '');
      yield {
        rule: 'protection-exceeds-budget',
        severity: 'warning',
        message: `The protection "${protectionTitle(protection)}" does not fit under ${breakingList(first)}: ${reason} Not measured there.`,
        uri: prompt.uri,
        range: firstLine(prompt),
        ...modelFree,
        evidence: { ...modelFree.evidence, breaking: first.map(({ policy, ratio }) => ({ policy, ratio })) },
      };
    }
  },
};
