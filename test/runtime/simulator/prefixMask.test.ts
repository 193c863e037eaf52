import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { KeptSet } from '../../../src/cache/keptSet.ts';
import { hiddenEntries, prefixBias, type HiddenEntries } from '../../../src/runtime/simulator/prefixMask.ts';

const shape = { layers: 2, kvHeads: 3, seqLen: 19 };
const cells = shape.layers * shape.kvHeads * shape.seqLen;

function keptFrom(flags: readonly boolean[]): KeptSet {
  const kept = new KeptSet(shape.layers, shape.kvHeads, shape.seqLen);
  forEachCell((layer, head, position, index) => {
    if (flags[index] === true) kept.add(layer, head, position);
  });
  return kept;
}

function forEachCell(visit: (layer: number, head: number, position: number, index: number) => void): void {
  for (let index = 0; index < cells; index++) {
    const position = index % shape.seqLen;
    const row = Math.floor(index / shape.seqLen);
    visit(Math.floor(row / shape.kvHeads), row % shape.kvHeads, position, index);
  }
}

/** What the graph is told for one row: whether it may see each entry. */
function visible(hidden: HiddenEntries): boolean[] {
  const bias = prefixBias([hidden], shape);
  const seen: boolean[] = [];
  forEachCell((layer, head, position) => seen.push(bias[layer]![head * shape.seqLen + position] === 0));
  return seen;
}

const flags = fc.array(fc.boolean(), { minLength: cells, maxLength: cells });
const positions = fc.uniqueArray(fc.integer({ min: 0, max: shape.seqLen - 1 }));
const noVariant = (): never => assert.fail('this mask asks for no variant');

describe('what a row of a batch may see of the prefix', () => {
  test('everything, without a mask', () => {
    assert.ok(visible(hiddenEntries({ kind: 'none' }, shape, noVariant)).every(Boolean));
  });

  test('of a variant exactly what it keeps', () => {
    fc.assert(
      fc.property(flags, (keep) => {
        const hidden = hiddenEntries({ kind: 'variant', variant: 0 }, shape, () => keptFrom(keep));
        assert.deepEqual(visible(hidden), keep);
      }),
    );
  });

  test('of masked positions nothing, in any layer and head', () => {
    fc.assert(
      fc.property(positions, (at) => {
        const seen = visible(hiddenEntries({ kind: 'positions', positions: Int32Array.from(at) }, shape, noVariant));
        forEachCell((_layer, _head, position, index) => assert.equal(seen[index], !at.includes(position)));
      }),
    );
  });

  test('of evicted positions what the variant keeps of them, and all others', () => {
    fc.assert(
      fc.property(flags, positions, (keep, at) => {
        const mask = { kind: 'variant-positions', variant: 0, positions: Int32Array.from(at) } as const;
        const seen = visible(hiddenEntries(mask, shape, () => keptFrom(keep)));
        forEachCell((_layer, _head, position, index) =>
          assert.equal(seen[index], !at.includes(position) || keep[index]),
        );
      }),
    );
  });

  test('of restored positions everything, and of all others what the variant keeps', () => {
    fc.assert(
      fc.property(flags, positions, (keep, at) => {
        const mask = { kind: 'variant-restored', variant: 0, positions: Int32Array.from(at) } as const;
        const seen = visible(hiddenEntries(mask, shape, () => keptFrom(keep)));
        forEachCell((_layer, _head, position, index) =>
          assert.equal(seen[index], at.includes(position) || keep[index]),
        );
      }),
    );
  });

  test('rows of a batch keep apart', () => {
    const first = hiddenEntries({ kind: 'positions', positions: Int32Array.of(0) }, shape, noVariant);
    const second = hiddenEntries({ kind: 'positions', positions: Int32Array.of(18) }, shape, noVariant);
    const bias = prefixBias([first, second], shape);
    const hiddenAt = (head: number, row: number): number[] => {
      const start = (head * 2 + row) * shape.seqLen;
      return [...bias[1]!.subarray(start, start + shape.seqLen)].flatMap((value, at) => (value === 0 ? [] : [at]));
    };
    assert.deepEqual([hiddenAt(2, 0), hiddenAt(2, 1)], [[0], [18]]);
  });

  test('equal masks have equal keys, others do not', () => {
    const of = (...at: number[]): string =>
      hiddenEntries({ kind: 'positions', positions: Int32Array.from(at) }, shape, noVariant).key;
    assert.equal(of(3, 5), of(5, 3));
    assert.notEqual(of(3), of(4));
  });

  test('a position outside the prefix is an error', () => {
    const mask = { kind: 'positions', positions: Int32Array.of(19) } as const;
    assert.throws(() => hiddenEntries(mask, shape, noVariant), RangeError);
  });
});
