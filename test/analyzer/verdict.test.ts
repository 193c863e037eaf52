import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isFarBelowBudget, verdictOf, type Evidence } from '../../src/analyzer/verdict.ts';

const thresholds = { ignoredLoss: 0.8, weakenedLoss: 0.25 };
const verdict = (evidence: Partial<Evidence>): string =>
  verdictOf(
    {
      tokens: 12,
      retention: 0.5,
      keptShare: 0.5,
      influence: 0.5,
      floor: 0.03,
      isProbed: true,
      behavior: null,
      loss: 0.1,
      answerChanged: false,
      disclosed: null,
      prescribed: null,
      ...evidence,
    },
    thresholds,
  ).verdict;

describe('verdict of an instruction under a variant', () => {
  test('evicted: next to nothing kept, whatever else was measured', () => {
    assert.equal(verdict({ retention: 0.04 }), 'evicted');
    assert.equal(verdict({ retention: 0, keptShare: 0.1, influence: 0, loss: null }), 'evicted');
  });

  test('evicted: far less than the prompt keeps, and less than chance explains', () => {
    assert.equal(verdict({ retention: 0.2, keptShare: 0.75, tokens: 12 }), 'evicted');
    assert.notEqual(
      verdict({ retention: 0.2, keptShare: 0.5, tokens: 4 }),
      'evicted',
      'four tokens are too few to tell',
    );
  });

  test('held only where loss was measured', () => {
    assert.equal(verdict({ loss: 0.1 }), 'held');
    assert.equal(verdict({ loss: null }), 'not-measured');
    assert.equal(verdict({ influence: null, loss: null }), 'not-measured');
    assert.equal(verdict({ retention: null }), 'not-measured');
  });

  test('inert below the floor: no loss can be told from an influence that is not there', () => {
    assert.equal(verdict({ influence: 0.029, loss: null }), 'inert');
  });

  test('weakened, and ignored only with a changed answer', () => {
    assert.equal(verdict({ loss: 0.25 }), 'weakened');
    assert.equal(verdict({ loss: 0.9, answerChanged: true }), 'ignored');
    assert.equal(verdict({ loss: 0.9, answerChanged: false }), 'weakened');
    assert.equal(verdict({ loss: 0.9, answerChanged: null }), 'not-measured');
  });

  test('a defense is judged by what the answer discloses, not by its mean influence', () => {
    assert.equal(verdict({ influence: 0.01, disclosed: { recall: 0.8, leaks: true } }), 'ignored');
    assert.equal(verdict({ influence: 0.01, loss: null, disclosed: { recall: 0.1, leaks: false } }), 'held');
    assert.equal(verdict({ loss: 0.9, disclosed: { recall: 0.1, leaks: false } }), 'weakened');
    assert.equal(verdict({ retention: 0, disclosed: { recall: 0.8, leaks: true } }), 'evicted');
  });

  test('a prescribed answer decides before loss and influence, and after eviction and disclosure', () => {
    const prescribed = (logProb: number | null) => ({
      prescribed: { text: 'No.', probe: 'extraction', tokens: 7, logProbFull: -3.7, logProbWithout: -24, logProb },
    });
    assert.equal(verdict({ ...prescribed(-16), loss: 0.1 }), 'ignored');
    assert.equal(verdict({ ...prescribed(-16), influence: 0.01, loss: null }), 'ignored');
    assert.equal(verdict({ ...prescribed(-16), retention: 0 }), 'evicted');
    assert.equal(verdict({ ...prescribed(-8), loss: 0.1 }), 'weakened');
    assert.equal(verdict({ ...prescribed(-5), loss: 0.1 }), 'held');
    assert.equal(verdict({ ...prescribed(-5), influence: 0.01, loss: null }), 'held', 'what acts is not inert');
    assert.equal(verdict({ ...prescribed(-5), loss: 0.9, answerChanged: true }), 'weakened');
    assert.equal(verdict({ ...prescribed(-5), disclosed: { recall: 0.8, leaks: true } }), 'ignored');
    assert.equal(verdict({ ...prescribed(-16), disclosed: { recall: 0.1, leaks: false } }), 'ignored');
    assert.equal(verdict({ ...prescribed(null), influence: 0.01 }), 'inert', 'not asked');
  });

  test('keeping at least its share is never far below the budget', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.06, max: 1, noNaN: true }), fc.integer({ min: 1, max: 200 }), (share, tokens) => {
        assert.equal(isFarBelowBudget(share, share, tokens), false);
      }),
    );
  });
});
