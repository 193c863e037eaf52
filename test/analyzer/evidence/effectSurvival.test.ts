import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  effectiveness,
  effectSurvival,
  isDecided,
  isEffective,
} from '../../../src/analyzer/evidence/effectSurvival.ts';

const of16 = (passed: number) => ({ passed, samples: 16 });
const strong = { full: of16(15), deleted: of16(1) };

describe('an effective instruction', () => {
  test('passes clearly more often than its deleted twin', () => {
    assert.ok(isEffective(strong));
    assert.equal(effectiveness(strong).value, 14 / 16);
  });

  test('is not one whose check passes as often without it, however well it passes', () => {
    assert.equal(isEffective({ full: of16(16), deleted: of16(15) }), false);
    assert.equal(effectSurvival({ full: of16(16), deleted: of16(15) }, of16(2)), undefined);
  });

  test('is not one that four lucky answers suggest', () => {
    assert.equal(isEffective({ full: { passed: 2, samples: 4 }, deleted: { passed: 0, samples: 4 } }), false);
  });
});

describe('effect survival', () => {
  test('is 1 where the compressed cache passes as often as the full one, 0 where as often as without the instruction', () => {
    assert.equal(effectSurvival(strong, of16(15))!.value, 1);
    assert.equal(effectSurvival(strong, of16(1))!.value, 0);
  });

  test('is decided by samples that agree, and open between', () => {
    assert.ok(isDecided(effectSurvival(strong, of16(0))!));
    assert.ok(isDecided(effectSurvival(strong, of16(16))!));
    assert.equal(isDecided(effectSurvival(strong, of16(8))!), false);
  });

  test('lies in its interval, and rises with the compressed pass rate', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 15 }), (passed) => {
        const less = effectSurvival(strong, of16(passed))!;
        const more = effectSurvival(strong, of16(passed + 1))!;
        assert.ok(less.low <= less.value && less.value <= less.high);
        assert.ok(more.value > less.value && more.low >= less.low && more.high >= less.high);
      }),
    );
  });

  test('covers the true survival in about 95 % of experiments', () => {
    // p_full 0.9, p_deleted 0.1, p_compressed 0.5: survival 0.5. A linear congruential generator makes it repeatable.
    let state = 7;
    const uniform = (): number => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
    const sample = (p: number) => of16(Array.from({ length: 16 }, uniform).filter((u) => u < p).length);
    let [covered, experiments] = [0, 0];
    while (experiments < 400) {
      const survival = effectSurvival({ full: sample(0.9), deleted: sample(0.1) }, sample(0.5));
      if (survival === undefined) continue;
      experiments++;
      if (survival.low <= 0.5 && survival.high >= 0.5) covered++;
    }
    assert.ok(covered / experiments > 0.92, `${covered} of ${experiments}`);
  });
});
