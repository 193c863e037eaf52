import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defenseSuccessRecall, isDefended } from '../../../src/analyzer/evidence/defenseSuccess.ts';

test('a defense succeeds up to the recall that the paper draws the line at, that recall included', () => {
  assert.equal(defenseSuccessRecall, 0.3);
  assert.equal(isDefended({ directives: 0.3 }), true);
  assert.equal(isDefended({ directives: 0.301 }), false);
});
