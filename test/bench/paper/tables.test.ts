import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { composites, gainOf } from '../../../bench/paper/composite.ts';
import { accuracies, rankCorrelations } from '../../../bench/paper/directives.ts';
import { familyAccuracies, rankCorrelation, slopeSpread } from '../../../bench/paper/familyTally.ts';
import { fairPrecision } from '../../../bench/paper/fairPrecision.ts';
import type { Grid } from '../../../bench/paper/grid.ts';
import { floors, keepRateTable, leakages, refusals } from '../../../bench/paper/leaks.ts';
import { paperPrompt, refusal } from '../../../bench/paper/paperPrompt.ts';
import { isRefusal, scorePrompt } from '../../../bench/paper/score.ts';
import { recordOf, rowOf } from './prompts.ts';

const grid: Grid = {
  policies: ['snapkv'],
  ratios: [0, 0.5],
  protections: ['none', 'fair'],
  protectedRatios: [0.5],
};
const followed = 'red';
const ignored = 'red, green';
const prompt = paperPrompt('defense-first', rowOf(1, []).system);

describe('accuracy of instructions', () => {
  const single = rowOf(1, ['punctuation']);
  const multi = rowOf(2, ['punctuation', 'startend']);
  const prompts = [
    scorePrompt(
      recordOf(1, 'undefended', { task: followed }, [{ policy: 'snapkv', ratio: 0.5, task: ignored }]),
      single,
    ),
    scorePrompt(
      recordOf(2, 'undefended', { task: '"red"' }, [{ policy: 'snapkv', ratio: 0.5, task: followed }]),
      multi,
    ),
  ];
  const cell = (group: string, family: string, ratio: number) =>
    accuracies(prompts, grid).find(
      (each) => each.group === group && each.family === family && each.ratio === ratio && each.judgement === 'strict',
    );

  test('is over instructions, by family and by the number of instructions in the prompt', () => {
    assert.deepEqual(
      ['all', 'punctuation', 'startend'].map((family) => [cell('all', family, 0.5)!.n, cell('all', family, 0.5)!.mean]),
      [
        [3, 1 / 3],
        [2, 0.5],
        [1, 0],
      ],
    );
    assert.equal(cell('single', 'punctuation', 0)!.mean, 1);
    assert.equal(cell('single', 'startend', 0), undefined); // no instruction is no zero
    assert.equal(cell('all', 'all', 0.5)!.normalised, 1 / 3);
  });

  test('is loose where an answer obeys without its first or last line', () => {
    const record = recordOf(1, 'undefended', { task: 'Here, you are:\nred' }, []);
    const { followed: judged } = scorePrompt(record, single).full;
    assert.deepEqual(judged, { strict: [false], loose: [true] });
  });

  test('is not divided by an accuracy of 0', () => {
    const none = [
      scorePrompt(
        recordOf(1, 'undefended', { task: ignored }, [{ policy: 'snapkv', ratio: 0.5, task: ignored }]),
        single,
      ),
    ];
    assert.equal(accuracies(none, grid).find(({ ratio }) => ratio === 0.5)!.normalised, null);
  });

  test('of small families is not ranked', () => {
    assert.ok(rankCorrelations(prompts, grid).every(({ families, rho }) => families.length === 0 && rho === null));
  });
});

describe('families', () => {
  test('are counted over prompts, and those without an instruction have no accuracy', () => {
    const tallies = [
      {
        instructions: [2, 0, 0],
        followed: [
          [2, 0, 0],
          [1, 0, 0],
        ],
      },
      {
        instructions: [2, 1, 0],
        followed: [
          [2, 1, 0],
          [0, 0, 0],
        ],
      },
    ];
    assert.deepEqual(familyAccuracies(tallies), [
      [1, 1, null],
      [0.25, 0, null],
    ]);
    assert.deepEqual(familyAccuracies([]), []);
  });

  test('that swap their order have a correlation of -1; unknown ones do not count', () => {
    const accuracy = [
      [0.9, 0.5, null, 0.1],
      [0.1, 0.5, 0.3, 0.9],
      [0.9, 0.5, 0.3, 0.1],
    ];
    assert.equal(rankCorrelation(accuracy, 1), -1);
    assert.equal(rankCorrelation(accuracy, 2), 1);
    assert.equal(rankCorrelation([], 1), null);
  });

  test('that degrade alike relative to where they start have no spread', () => {
    const alike = [
      [0.8, 0.4],
      [0.4, 0.2],
    ];
    assert.equal(slopeSpread(alike, [0, 0.5]), 0);
    const apart = [
      [0.8, 0.4],
      [0.8, 0],
    ];
    assert.equal(slopeSpread(apart, [0, 0.5]), 2); // slopes 0 and -2
    assert.equal(
      slopeSpread(
        [
          [0.8, 0],
          [0.4, 0],
        ],
        [0, 0.5],
      ),
      null,
    );
  });
});

describe('leakage', () => {
  const row = rowOf(1, ['punctuation']);
  const record = recordOf(1, 'defense-first', { task: followed, leak: refusal }, [
    {
      policy: 'snapkv',
      ratio: 0.5,
      task: refusal,
      leak: prompt.directives,
      keep: { defense: 0.2, directives: 1, template: 0.4 },
    },
    { policy: 'snapkv', ratio: 0.5, protection: 'fair', task: followed, leak: refusal },
  ]);
  const prompts = [scorePrompt(record, row)];

  test('is recall of each reference; what repeats the directives discloses them', () => {
    const leak = (protection: string, reference: string) =>
      leakages(prompts, grid).find(
        (each) => each.protection === protection && each.ratio === 0.5 && each.reference === reference,
      )!;
    assert.equal(leak('none', 'directives').mean, 1);
    assert.equal(leak('none', 'directives').defenseSuccess, 0);
    assert.ok(leak('none', 'prompt').mean < 1);
    assert.equal(leak('fair', 'directives').defenseSuccess, 1);
  });

  test('has the refusal as its floor, which is not zero', () => {
    const [directives, , defense] = floors(prompts);
    assert.equal(directives!.mean, leakages(prompts, grid).find(({ ratio }) => ratio === 0)!.mean);
    assert.ok(defense!.mean > 0);
  });

  test('stands beside the share of user messages that are refused', () => {
    const [full, half] = refusals(prompts, grid);
    assert.deepEqual([full!.overRefusal, half!.overRefusal], [0, 1]);
    assert.ok(isRefusal('I can’t assist with that request'));
    assert.ok(!isRefusal('I can assist with that request.'));
  });

  test('keep rates are of the true spans, and of everything but the directives as the paper counts', () => {
    const rates = keepRateTable(prompts, grid).filter(
      ({ ratio, protection }) => ratio === 0.5 && protection === 'none',
    );
    assert.deepEqual(
      rates.map(({ part, mean, unbiased }) => [part, Number(mean.toFixed(6)), unbiased]),
      [
        ['defense', 0.2, 0.5],
        ['directives', 1, 0.5],
        ['template', 0.4, 0.5],
        ['all but directives', Number(((60 * 0.2 + 10 * 0.4) / 70).toFixed(6)), 0.5],
      ],
    );
  });

  test('falls and accuracy rises add up to the composite score', () => {
    const gain = gainOf(prompts[0]!, 'snapkv', 'fair', grid.ratios, 'strict')!;
    assert.equal(gain.accuracy, 0); // neither answer has a comma
    assert.equal(gain.composite, gain.leak);
    assert.ok(gain.leak > 0.9 && gain.leak < 1);
    assert.equal(gainOf(prompts[0]!, 'snapkv', 'whitelist', grid.ratios, 'strict'), null);
    assert.deepEqual(
      composites(prompts, grid, 'strict').map(({ form, protection, n, mean }) => [form, protection, n, mean]),
      [['defense-first', 'fair', 1, gain.composite]],
    );
  });
});

test('fair precision is compared with the same policy, and its leak with the full cache', () => {
  const tier = { policy: 'snapkv', bytes: 100, high: { defense: 0, directives: 0.5 }, leakLogProb: -0.5, fair: false };
  const fair = { ...tier, fair: true, high: { defense: 0.2, directives: 0.2 }, leakLogProb: -2 };
  const record = recordOf(1, 'defense-first', { task: followed, leak: refusal }, [], { tiers: [tier, fair] });
  const table = fairPrecision([scorePrompt(record, rowOf(1, []))], ['snapkv', 'random']);
  assert.deepEqual(
    table.map((each) => [each.fair, each.defense.mean, each.leakShift.mean]),
    [
      [false, 0, 0.5],
      [true, 0.2, -1],
    ],
  );
});
