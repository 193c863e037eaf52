import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineRetrieval, mostLines, states } from '../../../bench/paper/lineRetrieval.ts';

test('every question has one answer in the records, spread over the prompt, and the same seed gives the same prompt', () => {
  for (const lines of [1, 20, mostLines]) {
    const { system, questions } = lineRetrieval(lines, 42, 3);
    const records = [...system.matchAll(/^entry (\S+): the stored number is (\d+)$/gm)];
    assert.equal(new Set(records.map(([, name]) => name)).size, lines);
    assert.equal(new Set(records.map(([, , value]) => value)).size, lines);
    assert.equal(questions.length, Math.min(lines, 5));
    const asked = questions.map(({ user, value }) =>
      records.findIndex(([, name, number]) => user.includes(name!) && number === value),
    );
    assert.ok(asked.every((line) => line >= 0));
    assert.deepEqual(
      asked,
      [...new Set(asked)].sort((a, b) => a - b),
    );
    assert.deepEqual(lineRetrieval(lines, 42, 3), { system, questions });
    if (lines > 1) assert.notEqual(lineRetrieval(lines, 42, 4).system, system);
  }
});

test('an answer states a number when it is the first one in it', () => {
  assert.ok(states(' 48215.', '48215'));
  assert.ok(states(' about 48,215', '48215'));
  assert.ok(!states(' 48216, not 48215', '48215'));
  assert.ok(!states(' 482150', '48215'));
  assert.ok(!states(' unknown', '48215'));
});
