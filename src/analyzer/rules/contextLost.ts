import { askedFacts } from '../facts/factVerdict.ts';
import type { FactReport, Finding, PromptReport } from '../report.ts';
import { factGrid, type FactCell, type FactRow } from './factGrid.ts';
import { modelFree } from './modelFree.ts';
import type { Rule } from './rule.ts';
import { breakingList, policyList, quoted, variantTitle } from './wording.ts';

/** Policies whose gravest cell is this one, as a clause. */
function clause(rows: readonly FactRow[], verdict: FactCell['verdict'], words: string): string[] {
  const policies = rows.filter(({ worst }) => worst.verdict === verdict).map(({ policy }) => policy);
  return policies.length === 0 ? [] : [`${words} ${policyList(policies)}`];
}

/** What is said where it is lost: a wrong value misleads, so it is told before a missing one. */
function shownCell(lost: readonly FactCell[]): FactCell {
  return lost.find(({ measured }) => measured?.outcome === 'other') ?? lost[0]!;
}

function message(fact: FactReport, rows: readonly FactRow[], shown: FactCell): string {
  const lost = rows.flatMap(({ worst }) => (worst.verdict === 'lost' ? [worst] : []));
  const { outcome, said, logProb } = shown.measured!;
  const head = [
    `Fact lost under ${breakingList(lost)}`,
    ...clause(rows, 'unsettled', 'unsettled under'),
    ...clause(rows, 'stated', 'stated under'),
    ...clause(rows, 'not-measured', 'not measured throughout under'),
  ].join('; ');
  const where = variantTitle(shown);
  const instead =
    outcome === 'other'
      ? `${where} says ${quoted(said)} instead of ${quoted(fact.text)}.`
      : `${where} does not state ${quoted(fact.text)}.`;
  const fall = `Its log-probability falls from ${fact.full!.logProb.toFixed(1)} to ${logProb.toFixed(1)}.`;
  return `${head}. ${instead} ${fall}`;
}

/** The cells of the grid in which a fact is lost, the smallest ratios first. */
const lostCells = (rows: readonly FactRow[]): FactCell[] =>
  rows.flatMap(({ cells }) => cells.filter(({ verdict }) => verdict === 'lost')).toSorted((a, b) => a.ratio - b.ratio);

function findingOf(prompt: PromptReport, fact: FactReport, rows: readonly FactRow[]): Finding | undefined {
  const lost = lostCells(rows);
  if (lost.length === 0) return undefined;
  const shown = shownCell(lost);
  return {
    rule: 'context-lost',
    severity: 'warning',
    message: message(fact, rows, shown),
    uri: prompt.uri,
    range: fact.range,
    rung: 'behavior',
    instruction: fact.instruction,
    likely: false,
    quotes: [quoted(fact.text), ...(shown.measured!.outcome === 'other' ? [quoted(shown.measured!.said)] : [])],
    evidence: {
      ...modelFree.evidence,
      breaking: rows.flatMap(({ worst: { policy, ratio, verdict } }) =>
        verdict === 'lost' ? [{ policy, ratio }] : [],
      ),
      safe: rows.filter(({ worst }) => worst.verdict === 'stated').map(({ policy }) => policy),
    },
  };
}

export const contextLost: Rule = {
  id: 'context-lost',
  title: 'Fact of the prompt lost',
  severity: 'warning',
  docs: {
    what: 'The prompt states a fact (a name, a number, hours, a price, a date, a telephone number, an address), the model states it with the full cache, and with a compressed cache it states another value or none. Asked to state the facts, its answer is made to begin with the words that lead in to the fact, and what it goes on with is compared; notation (9:00 and 9 am) is not. The log-probability of the fact also has to fall tenfold; where it does not, the fact is called unsettled and there is no finding. What this model does not state with the full cache is not asked for: it cannot be lost. Of many facts, at most six are compared, evenly over the prompt.',
    why: 'Evicted entries are gone for good, and with them what only they held. A model that has lost a number does not say so: it names another one. "No Token Left Behind" (MiKV) calls this hallucination and loss of context, and shows that keeping the evicted entries at low precision restores most of it.',
    example:
      "Fact lost under StreamingLLM from 50 % and SnapKV from 75 %; stated under H2O and K-Norm. StreamingLLM at 50 % says '8:00 to 17:00' instead of '7:00 to 10:30'. Its log-probability falls from -0.4 to -9.1.",
    whatToDo:
      'Put facts that answers depend on where the policies that you serve with keep entries, give them in the user turn when they are needed, lower the ratio, or choose a cache that keeps every entry at lower precision.',
  },
  *check(prompt, settings) {
    for (const fact of askedFacts(prompt).compared) {
      const finding = findingOf(prompt, fact, factGrid(prompt, fact.id, settings));
      if (finding !== undefined) yield finding;
    }
  },
};
