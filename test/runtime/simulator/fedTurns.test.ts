import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { floatTensor } from '../../../src/runtime/engine/onnxSession.ts';
import { layerOutput } from '../../../src/runtime/graph/signature.ts';
import { StepResult } from '../../../src/runtime/simulator/decoder.ts';
import { FedTurns, type TurnRow } from '../../../src/runtime/simulator/fedTurns.ts';
import type { OwnCache } from '../../../src/runtime/simulator/ownCache.ts';
import { HiddenEntries } from '../../../src/runtime/simulator/prefixMask.ts';

const shape = { layers: 2, kvHeads: 1, headDim: 2 };

/** The cache that hides one entry. */
function cache(hiddenPosition: number): HiddenEntries {
  const hidden = new HiddenEntries({ layers: 2, kvHeads: 1, seqLen: 16 });
  hidden.bits[hiddenPosition >> 3] = 1 << (hiddenPosition & 7);
  return hidden;
}

const row = (hiddenPosition: number, ...suffix: number[]): TurnRow => ({
  hidden: cache(hiddenPosition),
  suffix: Int32Array.from(suffix),
});

/** What a run gives that feeds each row these tokens: keys are the tokens, values those of the second layer a half more. */
function step(fed: readonly (readonly number[])[]): StepResult {
  const tokens = Math.max(...fed.map(({ length }) => length));
  const outputs: Record<string, ReturnType<typeof floatTensor>> = {};
  for (let layer = 0; layer < shape.layers; layer++) {
    const keys = new Float32Array(fed.length * tokens * shape.headDim);
    for (const [i, ids] of fed.entries()) {
      for (const [token, id] of ids.entries()) {
        const at = (i * tokens + token) * shape.headDim;
        keys.fill(id, at, at + shape.headDim);
      }
    }
    const dims = [1, fed.length, tokens, shape.headDim];
    outputs[layerOutput.newKeys(layer)] = floatTensor(keys, dims);
    const values = keys.map((key) => key + layer / 2);
    outputs[layerOutput.newValues(layer)] = floatTensor(values, dims);
  }
  return new StepResult(outputs, { prefix: 16, own: 0, tokens });
}

/** The tokens that a row of an opening holds, read off its keys and checked against its values. */
function held(opening: OwnCache, at: number): number[] {
  return Array.from({ length: opening.lengths[at]! }, (_, token) => {
    const index = (at * opening.tokens + token) * shape.headDim;
    const key = opening.keys[0]![index]!;
    assert.equal(opening.values[1]![index], key + 0.5);
    return key;
  });
}

describe('user turns that caches were fed', () => {
  const filled = (): FedTurns => {
    const turns = new FedTurns(shape, 20);
    turns.keep(
      [row(1, 5, 6, 7, 8), row(2, 5, 6, 9)],
      null,
      step([
        [5, 6, 7, 8, 50],
        [5, 6, 9],
      ]),
    );
    return turns;
  };

  test('are gone on from as far as they are the same, on the same cache', () => {
    const turns = filled();
    const rows = [row(1, 5, 6, 7, 1, 2), row(2, 5, 6, 7, 1), row(3, 5, 6, 7)];
    assert.deepEqual(
      rows.map((asked) => turns.known(asked)),
      [3, 2, 0],
    );
    const opening = turns.opening(rows)!;
    assert.deepEqual(
      rows.map((_, at) => held(opening, at)),
      [[5, 6, 7], [5, 6], []],
    );
    assert.equal(turns.opening([row(3, 5, 6), row(1, 4)]), null);
  });

  test('leave one token at least, after which a run predicts', () => {
    assert.equal(filled().known(row(1, 5, 6, 7, 8)), 3);
    assert.equal(filled().known(row(1, 5)), 0);
  });

  test('can go on from others themselves', () => {
    const turns = filled();
    const longer = [row(1, 5, 6, 7, 8, 1, 2)];
    turns.keep(longer, turns.opening(longer), step([[1, 2]]));
    const opening = turns.opening([row(1, 5, 6, 7, 8, 1, 2, 3)])!;
    assert.deepEqual(held(opening, 0), [5, 6, 7, 8, 1, 2]);
  });

  test('make room for later ones', () => {
    const turns = filled();
    turns.keep(
      [row(4, ...Array.from({ length: 16 }, (_, i) => i))],
      null,
      step([Array.from({ length: 16 }, (_, i) => i)]),
    );
    assert.equal(turns.known(row(1, 5, 6, 7)), 0);
    assert.equal(turns.known(row(4, 0, 1, 2)), 2);
  });

  test('of rows on one cache one leads where the others save enough', () => {
    const turns = new FedTurns(shape, 100);
    const long = Array.from({ length: 13 }, (_, i) => i);
    const alike = [row(1, ...long, 90), row(2, ...long, 90), row(1, ...long, 91), row(2, ...long, 92), row(3, 1)];
    assert.deepEqual(turns.stages(alike), [
      { rows: [0, 1, 4], leads: true },
      { rows: [2, 3], leads: false },
    ]);
    const short = [row(1, 5, 90), row(1, 5, 91), row(1, 6)];
    assert.deepEqual(turns.stages(short), [{ rows: [0, 1, 2], leads: false }]);
  });
});
