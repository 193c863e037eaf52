/** Policies without reference outputs, against other formulations of the same definition. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compress } from '../../src/cache/compress.ts';
import type { LayerObservation } from '../../src/cache/layerObservation.ts';
import { noise as stream } from '../../src/cache/noise.ts';
import { parsePolicy } from '../../src/cache/policies/index.ts';
import { rotated, rotaryOf } from '../../src/cache/rotary.ts';
import type { SecondPass } from '../../src/cache/secondPass.ts';
import { HoldfastError } from '../../src/errors.ts';
import { layerFromAttention, layerFromQueries, noise, randomLayer } from '../support/layers.ts';
import { budget } from '../support/policyCases.ts';

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  assert.equal(actual.length, expected.length);
  for (let index = 0; index < expected.length; index++)
    assert.ok(
      Math.abs(actual[index]! - expected[index]!) <= tolerance * Math.max(1, Math.abs(expected[index]!)),
      `[${index}] ${actual[index]} is not ${expected[index]}`,
    );
}

type Matrix = number[][];
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const length = (a: readonly number[]): number => Math.sqrt(dot(a, a));
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const softmax = (values: readonly number[]): number[] => {
  const top = Math.max(...values);
  const weights = values.map((value) => Math.exp(value - top));
  const total = weights.reduce((sum, value) => sum + value, 0);
  return weights.map((value) => value / total);
};
const standardised = (values: readonly number[]): number[] => {
  const centre = mean(values);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
  return values.map((value) => (value - centre) / deviation);
};

/** The vectors of one head, [S][d]. */
const rowsOf = (vectors: Float32Array, head: number, { seqLen, headDim }: LayerObservation): Matrix =>
  Array.from({ length: seqLen }, (_, position) => [
    ...vectors.subarray((head * seqLen + position) * headDim, (head * seqLen + position + 1) * headDim),
  ]);

/** Gauss and Jordan, with pivots. */
function inverse(matrix: Matrix): Matrix {
  const size = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...Array.from({ length: size }, (_, j) => (i === j ? 1 : 0))]);
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column; row < size; row++)
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row;
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const scale = rows[column]![column]!;
    rows[column] = rows[column]!.map((value) => value / scale);
    for (let row = 0; row < size; row++) {
      const factor = rows[row]![column]!;
      if (row !== column) rows[row] = rows[row]!.map((value, at) => value - factor * rows[column]![at]!);
    }
  }
  return rows.map((row) => row.slice(size));
}

/** A layer whose keys and queries before RoPE are known. */
function ropedLayer(seqLen: number, seed: number, headDim = 6) {
  const rotary = rotaryOf([1, 0.2, 0.04]);
  const [keys, queries] = [noise(2 * seqLen * headDim, seed), noise(4 * seqLen * headDim, seed + 1)];
  const layer = layerFromQueries(
    { seqLen, queryHeads: 4, kvHeads: 2, headDim },
    rotated(keys, rotary, seqLen, headDim),
    noise(2 * seqLen * headDim, seed + 2),
    rotated(queries, rotary, seqLen, headDim),
    { rotary: () => rotary, queries: () => queries, outputWeight: () => noise(10 * 4 * headDim, seed + 3) },
  );
  return { layer, keys, roped: rotated(queries, rotary, seqLen, headDim) };
}

/** Leverage of centred keys in their dual form: the diagonal of `K (K + 0.01 I)^-1` with `K = X X^T`. */
function dualLeverage(keys: Matrix, sketch: number, directions: Matrix): number[] {
  const centre = keys[0]!.map((_, channel) => mean(keys.map((key) => key[channel]!)));
  const projected = keys.map((key) =>
    Array.from({ length: sketch }, (_, column) =>
      key.reduce((sum, value, channel) => sum + (value - centre[channel]!) * directions[channel]![column]!, 0),
    ),
  );
  const gram = projected.map((a) => projected.map((b) => dot(a, b)));
  const solved = inverse(gram.map((row, i) => row.map((value, j) => value + (i === j ? 0.01 : 0))));
  return gram.map((row, i) =>
    dot(
      row,
      solved.map((column) => column[i]!),
    ),
  );
}

const directionsOf = (headDim: number, sketch: number, ...seeds: number[]): Matrix => {
  const normal = stream(...seeds);
  return Array.from({ length: headDim }, () =>
    Array.from({ length: sketch }, () => normal.normal() / Math.sqrt(sketch)),
  );
};

test('leverage scores are those of the keys before RoPE, in their dual form', () => {
  const { layer, keys } = ropedLayer(14, 1);
  const expected = [0, 1].flatMap((head) => dualLeverage(rowsOf(keys, head, layer), 4, directionsOf(6, 4, 9, 3, head)));
  const actual = parsePolicy('leverage(sketch=4,seed=9)').score(layer, { ...budget(5), layer: 3, layers: 8 });
  assertClose(actual, standardised(expected), 1e-4);
});

/** Non-causal attention with matrices, not standardised. */
function noncausalOf(queries: Matrix[], keys: Matrix[], values: Matrix[], chunk: number): number[] {
  return keys.flatMap((ofHead, head) => {
    const raw = ofHead.map((_, position) => {
      const start = position - (position % chunk);
      const others = ofHead.slice(start, start + chunk);
      const received = [2 * head, 2 * head + 1].map((query) =>
        queries[query]!.slice(start, start + chunk).reduce(
          (sum, row) => sum + softmax(others.map((key) => dot(row, key)))[position - start]!,
          0,
        ),
      );
      return mean(received) * length(values[head]![position]!);
    });
    return raw.map((value, position) => ((raw[position - 1] ?? 0) + value + (raw[position + 1] ?? 0)) / 3);
  });
}

test('non-causal attention is a softmax without mask and scale over each chunk, the last one at its own length', () => {
  const { layer, roped } = ropedLayer(17, 5);
  const heads = (vectors: Float32Array, count: number) =>
    Array.from({ length: count }, (_, head) => rowsOf(vectors, head, layer));
  const expected = noncausalOf(heads(roped, 4), heads(layer.keys, 2), heads(layer.values, 2), 7);
  assertClose(parsePolicy('noncausal(chunk=7)').score(layer, budget(5)), standardised(expected), 1e-4);
});

test('Compactor adds both scores of the tokens between its protected ends', () => {
  const { layer, keys, roped } = ropedLayer(20, 8);
  const inner = (rows: Matrix): Matrix => rows.slice(3, 18);
  const heads = (vectors: Float32Array, count: number) =>
    Array.from({ length: count }, (_, head) => inner(rowsOf(vectors, head, layer)));
  const unique = standardised(
    [0, 1].flatMap((head) => dualLeverage(inner(rowsOf(keys, head, layer)), 4, directionsOf(6, 4, 0, 0, head))),
  );
  const attended = standardised(noncausalOf(heads(roped, 4), heads(layer.keys, 2), heads(layer.values, 2), 256));
  for (const [expression, blending] of [
    ['compactor(start=3,end=2,sketch=4)', 0.75],
    ['compactor(start=3,end=2,sketch=4,blending=0.2)', 0.2],
  ] as const) {
    const policy = parsePolicy(expression);
    const scores = policy.score(layer, budget(5, 0.75));
    const actual = [...scores.subarray(3, 18), ...scores.subarray(23, 38)];
    assertClose(
      actual,
      unique.map((value, index) => blending * value + attended[index]!),
      1e-4,
    );
    assert.deepEqual(policy.protect!(20), { sinks: [0, 1, 2], window: [18, 19] });
  }
});

test('SimLayerKV shortens exactly the layers whose last query looks at start and end', () => {
  const seqLen = 20;
  const looking = (positions: readonly number[]): LayerObservation => {
    const attention = new Float32Array(4 * seqLen * seqLen);
    for (let head = 0; head < 4; head++)
      for (const position of positions)
        attention[(head * seqLen + seqLen - 1) * seqLen + position] = 1 / positions.length;
    const vectors = new Float32Array(2 * seqLen * 2);
    return layerFromAttention({ seqLen, queryHeads: 4, kvHeads: 2, headDim: 2 }, vectors, vectors, attention);
  };
  // The recent part of six without the last row's own column is 13 to 18.
  const layers = [looking([0, 1, 13, 18]), looking([0, 12, 13, 5]), looking([0, 1, 2, 19])];
  const { kept, notes } = compress(layers, parsePolicy('simlayer(threshold=0.6,recent=6,initial=2)'), 0.5);
  assert.deepEqual([...kept.positions(0, 1)], [0, 1, 15, 16, 17, 18, 19]);
  assert.equal(kept.countKept(1, 0), 20);
  assert.equal(kept.countKept(2, 0), 20);
  assert.match(notes.join(), /keeps what its threshold leaves, whatever the compression ratio/);
  assert.match(compress(layers, parsePolicy('simlayer'), 0.5).notes.join(), /keeps everything: its threshold is 1/);
});

test('ThinK zeroes the key channels of least weight, keeps every entry, and frees their bytes', () => {
  const { layer, roped } = ropedLayer(12, 3);
  const { kept, keyValues, bytes, fullBytes, nextPosition } = compress([layer], parsePolicy('think(window=5)'), 0.4);
  assert.equal(kept.countKept(), 24);
  assert.equal(nextPosition, 12);
  for (const head of [0, 1]) {
    const keys = rowsOf(layer.keys, head, layer);
    const queries = [2 * head, 2 * head + 1].flatMap((query) => rowsOf(roped, query, layer).slice(7));
    const worth = keys[0]!.map(
      (_, channel) => mean(queries.map((row) => row[channel]! ** 2)) * mean(keys.map((key) => key[channel]! ** 2)),
    );
    const removed = [...worth.keys()].sort((a, b) => worth[a]! - worth[b]!).slice(0, 2);
    const expected = keys.map((key) => key.map((value, channel) => (removed.includes(channel) ? 0 : value)));
    assert.deepEqual(rowsOf(keyValues!.keys[0]!, head, layer), expected);
  }
  assert.equal(fullBytes - bytes, 2 * 12 * 2 * 2);
  assert.deepEqual(keyValues!.values[0], layer.values);
});

test('KVzip takes the largest attention of a repetition of each chunk, and evicts the lowest of all layers together', () => {
  const seqLen = 40;
  const asked: SecondPass[] = [];
  const layers = [1, 2, 3].map((seed): LayerObservation => {
    const layer = randomLayer(seqLen, seed);
    return { ...layer, secondPass: (pass) => (asked.push(pass), layer.secondPass(pass).map((value) => value / seed)) };
  });
  const policy = parsePolicy('kvzip(chunk=16,sinks=3)');
  const { kept } = compress(layers, policy, 0.6);
  const passes = policy.needs(seqLen).secondPasses!;
  assert.deepEqual(
    passes.map(({ scored, among }) => [scored, among]),
    [
      [{ start: 0, end: 16 }, [{ start: 0, end: 16 }]],
      [
        { start: 16, end: 32 },
        [
          { start: 0, end: 3 },
          { start: 16, end: 32 },
        ],
      ],
      [
        { start: 32, end: 40 },
        [
          { start: 0, end: 3 },
          { start: 32, end: 40 },
        ],
      ],
    ],
  );
  assert.deepEqual(passes[1]!.feed, [
    { kind: 'text', text: '\n\nRepeat the part of the previous context exactly, starting with' },
    { kind: 'prefix', start: 8, end: 16 },
    { kind: 'answer-header' },
    { kind: 'prefix', start: 16, end: 32 },
  ]);
  assert.deepEqual(
    new Set(asked.map((pass) => JSON.stringify(pass))),
    new Set(passes.map((pass) => JSON.stringify(pass))),
  );
  const entries = layers.flatMap((layer, index) =>
    [0, 1].flatMap((head) =>
      Array.from({ length: seqLen }, (_, position) => {
        const pass = passes[Math.floor(position / 16)]!;
        const size = pass.scored.end - pass.scored.start;
        const attention = layer.secondPass(pass);
        const [a, b] = [2 * head, 2 * head + 1].map((query) => attention[query * size + (position % 16)]!);
        return { index, head, position, score: position < 3 ? Infinity : Math.max(a!, b!) };
      }),
    ),
  );
  const staying = entries.sort((a, b) => b.score - a.score).slice(0, 240 - Math.trunc(240 * 0.6));
  assert.equal(kept.countKept(), staying.length);
  for (const { index, head, position } of staying) assert.ok(kept.has(index, head, position));
  assert.notEqual(kept.countKept(0, 0) + kept.countKept(0, 1), kept.countKept(2, 0) + kept.countKept(2, 1));
});

test('KVzip layerwise gives every layer the same number, and plus weighs attention by what a value adds', () => {
  const layers = [randomLayer(30, 1), randomLayer(30, 2)];
  const { kept } = compress(layers, parsePolicy('kvzip(layerwise=true)'), 0.5);
  for (const layer of [0, 1]) assert.equal(kept.countKept(layer, 0) + kept.countKept(layer, 1), 30);
  const policy = parsePolicy('kvzip(plus=true)');
  const layer = layers[0]!;
  const [pass] = policy.needs(30).secondPasses!;
  assert.equal(pass!.perHiddenNorm, true);
  const attention = layer.secondPass(pass!);
  const weight = layer.outputWeight();
  const expected = [0, 1].flatMap((head) =>
    rowsOf(layer.values, head, layer).map((value, position) =>
      Math.max(
        ...[2 * head, 2 * head + 1].map((query) => {
          const output = Array.from({ length: 8 }, (_, row) =>
            dot(value, [...weight.subarray(row * 16 + query * 4, row * 16 + query * 4 + 4)]),
          );
          return attention[query * 30 + position]! * length(output);
        }),
      ),
    ),
  );
  assertClose(policy.score(layer, budget(15)), expected);
});

test('KVCompose ranks composite tokens over all layers, the first layer before the others', () => {
  const seqLen = 24;
  const layers = [1, 2, 3].map((seed) => randomLayer(seqLen, seed));
  const policy = parsePolicy('kvcompose(valueNorm=true)');
  const [pass] = policy.needs(seqLen).secondPasses!;
  const scores = layers.map((layer) => {
    const attention = layer.secondPass(pass!);
    const perHead = [0, 1].map((head) =>
      rowsOf(layer.values, head, layer).map(
        (value, at) =>
          ((attention[2 * head * seqLen + at]! + attention[(2 * head + 1) * seqLen + at]!) / 2) * length(value),
      ),
    );
    return perHead.map((row) => row.map((value, at) => value + mean(perHead.map((other) => other[at]!))));
  });
  for (const [index, layer] of layers.entries()) assertClose(policy.score(layer, budget(12)), scores[index]!.flat());
  const slots = scores.map((heads) => {
    const sorted = heads.map((row) => [...row].sort((a, b) => b - a));
    return sorted[0]!.map((_, slot) => mean(sorted.map((row) => row[slot]!)));
  });
  slots[0] = slots[0]!.map((_, slot) => Math.max(...slots.map((layer) => layer[slot]!)));
  const ranked = slots
    .flatMap((layer, index) => layer.map((score) => ({ score, index })))
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, Math.trunc(3 * seqLen * 0.4));
  const { kept } = compress(layers, policy, 0.6);
  for (const index of [0, 1, 2]) {
    const count = ranked.filter((slot) => slot.index === index).length;
    for (const head of [0, 1]) {
      const best = [...scores[index]![head]!.keys()]
        .sort((a, b) => scores[index]![head]![b]! - scores[index]![head]![a]!)
        .slice(0, count);
      assert.deepEqual(
        [...kept.positions(index, head)],
        best.sort((a, b) => a - b),
      );
    }
  }
  const loose = compress(layers, parsePolicy('kvcompose(structured=false)'), 0.6).kept;
  assert.equal(loose.countKept(), 144 - Math.trunc(144 * 0.6));
});

test('random choices are uniform, differ between layers and repeat with their seed', () => {
  const layer = randomLayer(2000, 1, 2);
  const [first, again, other, second] = [
    ['random', 0],
    ['random', 0],
    ['random(seed=1)', 0],
    ['random', 1],
  ].map(([id, index]) => parsePolicy(id as string).score(layer, { ...budget(9), layer: index as number, layers: 2 }));
  assert.deepEqual(first, again);
  for (const different of [other!, second!]) {
    const equal = first!.filter((score, entry) => score === different[entry]).length;
    assert.ok(equal < 5);
  }
  assert.ok(Math.abs(mean([...first!]) - 0.5) < 0.03);
  assert.ok(first!.every((score) => score >= 0 && score < 1));
});

test('merging leaves keys and choice alone and adds evicted values to the kept entry of the most similar key', () => {
  const layer = randomLayer(16, 4);
  const hard = compress([layer], parsePolicy('knorm'), 0.5);
  for (const [expression, threshold, fraction] of [
    ['merging(knorm)', 0, 1],
    ['merging(knorm,threshold=0.5)', 0.5, 1],
    ['merging(knorm,fraction=0.5)', 0, 0.5],
  ] as const) {
    const { kept, keyValues } = compress([layer], parsePolicy(expression), 0.5);
    assert.deepEqual(kept, hard.kept);
    assert.deepEqual(keyValues!.keys[0], layer.keys);
    for (const head of [0, 1]) {
      const [keys, values] = [rowsOf(layer.keys, head, layer), rowsOf(layer.values, head, layer)];
      const staying = [...kept.positions(0, head)];
      const going = [...keys.keys()].filter((position) => !staying.includes(position));
      const cosine = (a: number, b: number): number => dot(keys[a]!, keys[b]!) / (length(keys[a]!) * length(keys[b]!));
      const nearest = new Map(
        going.map((from) => [from, staying.reduce((best, to) => (cosine(from, to) > cosine(from, best) ? to : best))]),
      );
      const sorted = going.map((from) => cosine(from, nearest.get(from)!)).sort((a, b) => a - b);
      // Eight evicted: the median lies between the fourth and the fifth.
      const limit = fraction === 1 ? -1 : (sorted[3]! + sorted[4]!) / 2;
      const merged = rowsOf(keyValues!.values[0]!, head, layer);
      for (const to of staying) {
        const sources = going.filter(
          (from) => nearest.get(from) === to && cosine(from, to) >= Math.max(threshold, limit),
        );
        const weights = sources.map((from) => {
          const [ofFrom, ofTo] = [length(values[from]!), length(values[to]!)];
          return (Math.max(0, cosine(from, to)) * ofFrom) / (ofFrom + ofTo + 1e-6);
        });
        const expected = values[to]!.map(
          (value, channel) =>
            (value + sources.reduce((sum, from, index) => sum + weights[index]! * values[from]![channel]!, 0)) /
            (1 + weights.reduce((sum, weight) => sum + weight, 0)),
        );
        assertClose(merged[to]!, expected);
      }
    }
  }
});

test('CaM keeps the same tokens in all heads and spreads the value of an evicted one over those kept next', () => {
  const layer = randomLayer(12, 4);
  // Attention grows with the position of the column, so an evicted token is never certain to be merged.
  const sums = Float32Array.from({ length: 4 * 12 }, (_, entry) => (entry % 12) + 1);
  const observed = { ...layer, columnSums: () => sums };
  let merged = 0;
  for (let seed = 0; seed < 200; seed++) {
    const { kept, keyValues } = compress([observed], parsePolicy(`cam(knorm,window=3,seed=${seed})`), 0.05);
    const staying = [...kept.positions(0, 0)];
    assert.deepEqual([...kept.positions(0, 1)], staying);
    const [gone] = [...Array(12).keys()].filter((position) => !staying.includes(position));
    const next = staying.filter((position) => position > gone!).slice(0, 3);
    if (seed === 0) assert.equal(next.length, 3);
    const before = rowsOf(layer.values, 0, layer);
    const after = rowsOf(keyValues!.values[0]!, 0, layer);
    const isMerged = after[next[0]!]![0] !== before[next[0]!]![0];
    if (isMerged) merged++;
    for (const position of staying) {
      const share = isMerged && next.includes(position) ? before[gone!]!.map((value) => value / 3) : [0, 0, 0, 0];
      assertClose(
        after[position]!,
        before[position]!.map((value, channel) => value + share[channel]!),
      );
    }
    if (seed === 199) {
      const probability = (gone! + 1) / mean(next.map((position) => position + 1));
      assert.ok(Math.abs(merged / 200 - probability) < 0.12, `${merged} of 200 at ${probability}`);
    }
  }
});

test('a threshold keeps what scores at least that much, and the window', () => {
  const layer = randomLayer(20, 2);
  const scores = parsePolicy('knorm').score(layer, budget(20));
  const { kept, keptTokens } = compress([layer], parsePolicy('dms(knorm,threshold=-1.1,window=3)'), 0.5);
  for (const head of [0, 1]) {
    const expected = [...Array(20).keys()].filter((at) => at >= 17 || scores[head * 20 + at]! >= -1.1);
    assert.deepEqual([...kept.positions(0, head)], expected);
  }
  assert.equal(keptTokens, Math.round(kept.countKept() / 2));
});

test('each layer follows its own ratio, and another number of ratios than layers is refused', () => {
  const layers = [randomLayer(20, 1), randomLayer(20, 2)];
  const { kept } = compress(layers, parsePolicy('per-layer(streaming-llm,ratios=0.25:0.75)'), 0.5);
  assert.deepEqual([kept.countKept(0, 0), kept.countKept(1, 1)], [15, 5]);
  assert.deepEqual([...kept.positions(1, 0)], [0, 1, 2, 3, 19]);
  assert.throws(() => compress(layers, parsePolicy('per-layer(knorm,ratios=0.5)'), 0.5), HoldfastError);
});

test('composed policies see only what the one before kept', () => {
  const layer = randomLayer(30, 5);
  const [twice, once] = ['composed(knorm,knorm)', 'knorm'].map((id) => compress([layer], parsePolicy(id), 0.6));
  // Half of the removal each: 30 -> 18 -> 11, where one step leaves 12.
  assert.equal(twice!.keptTokens, 11);
  for (const head of [0, 1])
    for (const position of twice!.kept.positions(0, head)) assert.ok(once!.kept.has(0, head, position));
  const mixed = compress([layer], parsePolicy('composed(snapkv(window=4),knorm)'), 0.6).kept;
  const first = compress([layer], parsePolicy('snapkv(window=4)'), 1 - Math.sqrt(0.4)).kept;
  const norms = parsePolicy('knorm').score(layer, budget(18));
  for (const head of [0, 1]) {
    const best = [...first.positions(0, head)].sort((a, b) => norms[head * 30 + b]! - norms[head * 30 + a]!);
    assert.deepEqual(
      [...mixed.positions(0, head)],
      best.slice(0, 11).sort((a, b) => a - b),
    );
  }
});

test('block by block equals one choice where entries score by themselves', () => {
  const layer = randomLayer(37, 3);
  const whole = compress([layer], parsePolicy('knorm'), 0.55).kept;
  for (const size of [1, 2, 5, 16, 64])
    assert.deepEqual(compress([layer], parsePolicy(`block(knorm,length=${size})`), 0.55).kept, whole);
});

test('chunks divide 256 tokens without remainder at half of them', () => {
  const layer = randomLayer(256, 3, 2);
  for (const size of [2, 4, 8, 128])
    for (const wrapper of ['chunk', 'chunkkv'])
      assert.equal(compress([layer], parsePolicy(`${wrapper}(knorm,length=${size})`), 0.5).keptTokens, 128);
});

test('a chunk is scored at its own positions, with attention among its tokens only', () => {
  const { layer, keys, roped } = ropedLayer(20, 2);
  const scores = parsePolicy('chunk(snapkv(window=3),length=10)').score(layer, budget(10));
  for (const start of [0, 10]) {
    const part = (vectors: Float32Array, heads: number): Float32Array =>
      Float32Array.from(
        Array.from({ length: heads }, (_, head) => rowsOf(vectors, head, layer).slice(start, start + 10)).flat(2),
      );
    const alone = layerFromQueries(
      { seqLen: 10, queryHeads: 4, kvHeads: 2, headDim: 6 },
      part(layer.keys, 2),
      part(layer.values, 2),
      part(roped, 4),
    );
    const expected = parsePolicy('snapkv(window=3)').score(alone, budget(5));
    for (const head of [0, 1])
      assertClose(
        scores.subarray(head * 20 + start, head * 20 + start + 10),
        expected.subarray(head * 10, (head + 1) * 10),
      );
  }
  assert.equal(keys.length, layer.keys.length);
});

test('a whitelist keeps whole chunks under ChunkKV, and is refused when it touches too many', () => {
  const layers = [randomLayer(40, 1)];
  const policy = parsePolicy('chunkkv(knorm,length=10)');
  const { kept } = compress(layers, policy, 0.5, { whitelist: [23] });
  for (let position = 20; position < 30; position++) assert.ok(kept.has(0, 0, position));
  assert.equal(kept.countKept(0, 1), 20);
  assert.throws(
    () => compress(layers, policy, 0.5, { whitelist: [3, 13, 23] }),
    /touches 3 chunks, of which 2 can stay/,
  );
});

test('re-rotation is refused where rows keep different numbers of entries', () => {
  assert.throws(() => parsePolicy('rerotate(adakv(knorm))'), HoldfastError);
  assert.throws(
    () => compress([randomLayer(40, 1)], parsePolicy('adakv(rerotate(knorm))'), 0.5),
    /keep different numbers of entries/,
  );
});
