import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readFlags } from '../../../bench/paper/flags.ts';
import { HoldfastError } from '../../../src/errors.ts';

describe('the flags of bench:paper', () => {
  test('have the defaults of the paper, and protections where its composite score is', () => {
    const flags = readFlags(['rows.jsonl'])!;
    assert.deepEqual(flags.grid.ratios, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]);
    assert.deepEqual(flags.grid.protectedRatios, [0.4, 0.5, 0.6, 0.7]);
    assert.deepEqual(flags.grid.policies, ['streaming-llm', 'snapkv', 'tova', 'h2o', 'knorm', 'random']);
    assert.deepEqual(
      [flags.parts, flags.shard, flags.rows],
      [['directives', 'leaks', 'retrieval'], { index: 1, count: 1 }, null],
    );
    assert.equal(readFlags(['--help']), null);
  });

  test('always measure the full cache and the policy alone', () => {
    const { grid } = readFlags([
      'rows.jsonl',
      '--ratios',
      '.5,0.2',
      '--protections',
      'fair',
      '--policies',
      'snapkv(window=8),knorm',
    ])!;
    assert.deepEqual(grid.ratios, [0, 0.2, 0.5]);
    assert.deepEqual(grid.protections, ['none', 'fair']);
    assert.deepEqual(grid.policies, ['snapkv(window=8)', 'knorm']);
  });

  for (const [args, wanted] of [
    [[], /Give one file, got 0/],
    [['a', 'b'], /Give one file, got 2/],
    [['a', '--shard', '3/2'], /--shard: "3\/2" is not I\/N/],
    [['a', '--shard', 'two'], /--shard: "two"/],
    [['a', '--rows', '0'], /--rows: "0" is not a whole number from 1/],
    [['a', '--lines', '99'], /--lines: "99" is not a whole number from 1 to 24/],
    [['a', '--ratios', '0.5,1'], /--ratios: "1" is not a share/],
    [['a', '--ratios', '0.5,'], /--ratios: "" is not a share/],
    [['a', '--ratios', '0.5', '--protected-ratios', '0.6'], /--protected-ratios: 0\.6 is not one of --ratios/],
    [['a', '--policies', 'snapvk'], /snapvk/],
    [['a', '--protections', 'fare'], /--protections: there is no "fare"/],
    [['a', '--part', 'leak'], /--part: there is no "leak"/],
    [['a', '--speed', '9'], /--speed/],
  ] as const) {
    test(`refuse ${args.join(' ') || 'no file'}`, () => {
      assert.throws(
        () => readFlags(args),
        (error) => error instanceof HoldfastError && wanted.test(error.message) && error.hint !== undefined,
      );
    });
  }
});
