import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segment } from '../../src/analyzer/segmentation/index.ts';
import {
  agreementOn,
  boundaryF1,
  disagreements,
  kindAccuracy,
  noAgreement,
  sum,
  tolerantF1,
  type Agreement,
} from './agreement.ts';
import { labelledPrompts, parseLabelled, type LabelledPrompt } from './labelledPrompt.ts';

/** `1` prints the table of each part, `all` also every disagreement of the development part. */
const shown = process.env.HOLDFAST_AGREEMENT;

const percent = (share: number): string => (100 * share).toFixed(1).padStart(6);

function table(byForm: ReadonlyMap<string, Agreement>): string {
  const rows = [...byForm].map(
    ([form, one]) =>
      `${form.padEnd(12)}${String(one.labelled).padStart(5)}${percent(boundaryF1(one))}${percent(tolerantF1(one))}${percent(kindAccuracy(one))}`,
  );
  return ['form        spans  exact close  kind', ...rows].join('\n');
}

function measure(part: 'development' | 'held-out', prompts: readonly LabelledPrompt[]): Agreement {
  const byForm = new Map<string, Agreement>();
  for (const prompt of prompts) {
    const { spans } = segment(prompt.text);
    byForm.set(prompt.form, sum(byForm.get(prompt.form) ?? noAgreement, agreementOn(prompt, spans)));
    if (shown === 'all' && part === 'development') console.log(disagreements(prompt, spans).join('\n'));
  }
  const all = [...byForm.values()].reduce(sum, noAgreement);
  if (shown !== undefined) console.log(`${part}\n${table(byForm.set('all', all))}`);
  return all;
}

for (const part of ['development', 'held-out'] as const) {
  test(`segmentation agrees with the labels of the ${part} part`, () => {
    const agreement = measure(part, labelledPrompts(part));
    assert.ok(boundaryF1(agreement) >= 0.92, `boundary F1 ${boundaryF1(agreement)}`);
    assert.ok(kindAccuracy(agreement) >= 0.85, `kind accuracy ${kindAccuracy(agreement)}`);
  });
}

test('the set is large enough to say something, and a third of it is held out', () => {
  const count = (prompts: readonly LabelledPrompt[]): number => prompts.reduce((n, { spans }) => n + spans.length, 0);
  const [development, heldOut] = [labelledPrompts('development'), labelledPrompts('held-out')];
  assert.ok(development.length + heldOut.length >= 40);
  assert.ok(count(development) + count(heldOut) >= 600);
  const share = count(heldOut) / (count(development) + count(heldOut));
  assert.ok(share > 0.3 && share < 0.37, `held out: ${share}`);
});

test('agreement counts boundaries and kinds apart', () => {
  const prompt = parseLabelled('a/b', '⟦D Be kind.⟧ ⟦P Never lie.⟧ ⟦C It is May.⟧\n');
  assert.equal(prompt.text, 'Be kind. Never lie. It is May.\n');
  const span = (kind: 'directive' | 'context', start: number, end: number) =>
    ({ kind, range: { start, end }, block: 0, strong: false }) as const;
  const agreement = agreementOn(prompt, [span('directive', 0, 8), span('directive', 9, 30)]);
  assert.deepEqual(agreement, { labelled: 3, found: 2, exact: 1, close: 1, sameKind: 1 });
  assert.equal(boundaryF1(agreement), 0.4);
});

test('marks that do not pair and unknown kinds are refused', () => {
  assert.throws(() => parseLabelled('x/y', '⟦D open'), /counterpart/);
  assert.throws(() => parseLabelled('x/y', '⟦Z text⟧'), /unknown kind/);
});
