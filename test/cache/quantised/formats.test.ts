import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cacheBytes, countBytes } from '../../../src/cache/bytes.ts';
import { roundToHalf } from '../../../src/cache/quantised/float16.ts';
import { rotateRuns, walshHadamard } from '../../../src/cache/quantised/hadamard.ts';
import { formatFamilies, parseCacheFormat, uniformFormats } from '../../../src/cache/quantised/index.ts';
import { formatBytes, quantiseCache, type CacheLayer } from '../../../src/cache/quantised/quantisedCache.ts';
import { HoldfastError } from '../../../src/errors.ts';
import { noiseLayer, rootMeanSquare } from '../../support/caches.ts';
import { noise } from '../../support/layers.ts';

const everyFormat = [parseCacheFormat('fp16'), parseCacheFormat('kivi(residualLength=32)'), ...uniformFormats];

const error = (name: string, layer: CacheLayer): number =>
  rootMeanSquare(parseCacheFormat(name).store(layer).keys, layer.keys);

test('formats have their own ids and titles', () => {
  assert.equal(new Set(everyFormat.map(({ id }) => id)).size, everyFormat.length);
  assert.equal(new Set(everyFormat.map(({ title }) => title)).size, everyFormat.length);
  assert.equal(new Set(formatFamilies.map(({ id }) => id)).size, formatFamilies.length);
});

test('a cache read from a format has the shape and, roughly, the values of the exact one', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...everyFormat),
      fc.integer({ min: 1, max: 70 }),
      fc.constantFrom(64, 128),
      fc.nat(1e6),
      (format, seqLen, headDim, seed) => {
        const layer = noiseLayer(seqLen, headDim, seed);
        const { keyValues, bytes } = quantiseCache([layer], format);
        for (const name of ['keys', 'values'] as const) {
          assert.equal(keyValues[name][0]!.length, layer[name].length);
          // Two bits divide the range of 2 into three steps, 2/3 wide; a uniform error of half a step has 0.19.
          assert.ok(rootMeanSquare(keyValues[name][0]!, layer[name]) < 0.25, `${format.title}: ${name}`);
        }
        const full = cacheBytes(2 * seqLen, headDim);
        assert.ok(countBytes(bytes, 'payload') <= full);
      },
    ),
    { numRuns: 150 },
  );
});

test('more bits, less error', () => {
  const layer = noiseLayer(64, 128, 3);
  for (const names of [
    [2, 3, 4, 5, 6, 8].map((bits) => `mlx(bits=${bits})`),
    [2, 4].map((bits) => `kivi(residualLength=32,keyBits=${bits})`),
    [2, 4].map((bits) => `huggingface(bits=${bits})`),
    ['q4_0', 'q5_0', 'q8_0', 'f16'].map((type) => `llamacpp(keys=${type})`),
    ['q4_1', 'q5_1', 'q8_0'].map((type) => `llamacpp(keys=${type},rotation=false)`),
    ['vllm-token-head(type=int4_per_token_head)', 'vllm-token-head'],
    ['vllm-fp8(type=fp8_e5m2)', 'vllm-fp8'],
  ]) {
    const errors = names.map((name) => error(name, layer));
    assert.deepEqual(
      errors,
      [...errors].sort((a, b) => b - a),
      names.join(' '),
    );
    assert.equal(new Set(errors).size, errors.length);
  }
});

test('what was read from a format is stored without further loss where the grid holds it', () => {
  const unrotated = ['q8_0', 'q5_1', 'q5_0', 'q4_1', 'q4_0'].map((type) => `llamacpp(keys=${type},rotation=false)`);
  for (const name of ['fp16', 'vllm-fp8', 'vllm-fp8(type=fp8_e5m2)', ...unrotated]) {
    const format = parseCacheFormat(name);
    const layer = noiseLayer(40, 64, 11, 3);
    const once = format.store(layer);
    assert.deepEqual(format.store({ ...layer, ...once }).keys, once.keys, name);
  }
});

test('equal elements that fp16 holds survive formats with an offset exactly', () => {
  const layer = noiseLayer(64, 64, 1);
  const constant = { ...layer, keys: layer.keys.map(() => -2.75), values: layer.values.map(() => 0) };
  for (const name of [
    'kivi(residualLength=32)',
    'huggingface(bits=2)',
    'llamacpp(keys=q4_1,rotation=false)',
    'llamacpp(keys=q5_1,rotation=false)',
    'mlx(bits=2)',
  ]) {
    const { keys, values } = parseCacheFormat(name).store(constant);
    assert.ok(
      keys.every((key) => key === -2.75),
      name,
    );
    assert.ok(
      values.every((value) => value === 0),
      name,
    );
  }
});

test('an element that is not finite is refused by every format, with its place', () => {
  for (const format of everyFormat) {
    const layer = noiseLayer(40, 64, 5);
    layer.values[(1 * 40 + 7) * 64 + 3] = NaN;
    assert.throws(
      () => quantiseCache([noiseLayer(40, 64, 5), layer], format),
      (thrown) =>
        thrown instanceof HoldfastError &&
        thrown.code === 'engine-failed' &&
        thrown.message.includes('value of layer 1, KV head 1, position 7 was not computed: an element is NaN'),
      format.title,
    );
  }
});

test('an element beyond the range of fp16 is refused where the engine would store infinity', () => {
  const layer = noiseLayer(40, 64, 5);
  layer.keys[2 * 64] = 70_000;
  for (const name of ['fp16', 'mlx', 'huggingface', 'llamacpp(keys=f16)'])
    assert.throws(
      () => quantiseCache([layer], parseCacheFormat(name)),
      /layer 0, KV head 0, position \d+ does not fit/,
    );
  // ggml's blocks hold it: only their scale is a half.
  const { keys } = quantiseCache([layer], parseCacheFormat('llamacpp(rotation=false)')).keyValues;
  assert.ok(Math.abs(keys[0]![2 * 64]! - 70_000) < 100);
});

test('bytes are those of the packed buffers, scales included', () => {
  const shape = { kvHeads: 3, headDim: 64, seqLen: 100, windows: [null] };
  // 2 x 3 x 100 rows of 64 elements: 38,400 elements in 1,200 blocks of 32.
  const expected = {
    fp16: 76_800,
    llamacpp: 1_200 * 34,
    'llamacpp(keys=q5_1,values=q5_1)': 1_200 * 24,
    'llamacpp(keys=q5_0,values=q5_0)': 1_200 * 22,
    'llamacpp(keys=q4_1,values=q4_1)': 1_200 * 20,
    'llamacpp(keys=q4_0,values=q4_0)': 1_200 * 18,
    'llamacpp(keys=iq4_nl,values=iq4_nl)': 1_200 * 18,
    'llamacpp(keys=q8_0,values=f16)': 600 * 34 + 38_400,
    'vllm-fp8': 38_400 + 8,
    'vllm-fp8(scales=head)': 38_400 + 24,
    'vllm-token-head': 38_400 + 600 * 4,
    'vllm-token-head(type=int4_per_token_head)': 19_200 + 600 * 4,
    mlx: 19_200 + 600 * 4,
    'mlx(bits=3,groupSize=32)': 14_400 + 1_200 * 4,
    huggingface: 19_200 + 600 * 4,
    'huggingface(bits=2)': 9_600 + 600 * 4,
    kivi: 76_800,
    // 96 keys and 68 values of each of 3 heads are quantised; 4 keys and 32 values are in the window.
    'kivi(residualLength=32)': 3 * 164 * (16 + 2 * 4) + 3 * 36 * 128,
    'kivi(residualLength=32,keyBits=4)': 3 * (96 * (32 + 8) + 68 * (16 + 8)) + 3 * 36 * 128,
  };
  for (const [name, bytes] of Object.entries(expected))
    assert.equal(countBytes(formatBytes(parseCacheFormat(name), shape), 'total'), bytes, name);
});

test('quanto packs elements of different groups into one byte, so an odd number of groups leaves half of the last ones empty', () => {
  const shape = { kvHeads: 1, headDim: 64, seqLen: 3, windows: [null] };
  const { codes, metadata } = formatBytes(parseCacheFormat('huggingface'), shape);
  assert.deepEqual([codes, metadata], [2 * 2 * 64, 2 * 3 * 4]);
});

test('a layer with a sliding window holds its window only', () => {
  const shape = { kvHeads: 3, headDim: 64, seqLen: 100, windows: [null, 16, 200] };
  assert.equal(countBytes(formatBytes(parseCacheFormat('llamacpp'), shape), 'payload'), 3 * 4 * 34 * (100 + 16 + 100));
});

test('elements in a residual window of KIVI stay in 16 bits, the others do not', () => {
  const layer = noiseLayer(100, 64, 9);
  const { keys, values } = parseCacheFormat('kivi(residualLength=32)').store(layer);
  for (let head = 0; head < 2; head++) {
    for (let token = 0; token < 100; token++) {
      const start = (head * 100 + token) * 64;
      const isExact = (stored: Float32Array, exact: Float32Array): boolean =>
        stored.subarray(start, start + 64).every((value, index) => value === roundToHalf(exact[start + index]!));
      assert.equal(isExact(keys, layer.keys), token >= 96, `key ${token}`);
      assert.equal(isExact(values, layer.values), token >= 68, `value ${token}`);
    }
  }
});

test('shapes that an engine does not store are refused with the reason, others get a note', () => {
  const shape = (headDim: number, seqLen = 10, windows: (number | null)[] = [null]) => ({
    kvHeads: 1,
    headDim,
    seqLen,
    windows,
  });
  const refused = (name: string, ...rest: Parameters<typeof shape>): string | undefined =>
    parseCacheFormat(name).refusal(shape(...rest));
  assert.match(refused('llamacpp', 80)!, /blocks of 32 do not divide heads of 80 channels/);
  assert.equal(refused('llamacpp(keys=f16,values=f16)', 80), undefined);
  assert.equal(refused('llamacpp', 96), undefined);
  assert.match(parseCacheFormat('llamacpp').notes(shape(96)).join(), /without rotation/);
  assert.doesNotMatch(parseCacheFormat('llamacpp').notes(shape(128)).join(), /without rotation/);
  assert.match(refused('vllm-token-head(type=int4_per_token_head)', 96)!, /power of two/);
  assert.equal(refused('vllm-token-head', 96), undefined);
  assert.match(refused('mlx', 80)!, /groups of 64/);
  assert.match(refused('mlx', 64, 10, [null, 512])!, /sliding window/);
  assert.match(refused('kivi', 80)!, /by 32/);
  assert.match(refused('huggingface', 80, 3)!, /240 elements/);
  assert.equal(refused('huggingface', 80, 4), undefined);
  assert.match(parseCacheFormat('huggingface').notes(shape(80, 4)).join(), /cross from one token/);
  assert.throws(
    () => quantiseCache([noiseLayer(4, 80, 1)], parseCacheFormat('llamacpp')),
    (thrown) => thrown instanceof HoldfastError && thrown.code === 'unsupported-model',
  );
});

test('the rotation is the orthonormal Walsh-Hadamard matrix, its own inverse', () => {
  const values = noise(128, 4);
  const rotated = rotateRuns(values, 64);
  for (const row of [0, 1, 37, 63, 64, 127]) {
    const run = row - (row % 64);
    let sum = 0;
    for (let column = 0; column < 64; column++) {
      const ones = ((row % 64) & column).toString(2).replaceAll('0', '').length;
      sum += (ones % 2 === 0 ? 1 : -1) * values[run + column]!;
    }
    assert.ok(Math.abs(rotated[row]! - sum / 8) < 1e-6);
  }
  assert.ok(rootMeanSquare(rotateRuns(rotated, 64), values) < 1e-7);
  const counts = Float32Array.of(1, 2, 3, 4);
  walshHadamard(counts, 0, 4);
  assert.deepEqual([...counts], [10, -2, -4, 0]);
});

test('rotation spreads an outlier channel, so that four bits lose less', () => {
  const layer = noiseLayer(64, 128, 6);
  const outliers = { ...layer, keys: layer.keys.map((key, index) => (index % 128 === 5 ? key * 60 : key)) };
  assert.ok(error('llamacpp(keys=q4_0)', outliers) < 0.8 * error('llamacpp(keys=q4_0,rotation=false)', outliers));
});

test('the randomised rotation of int4 cancels when it is read: a spike comes back in its channel', () => {
  const layer = noiseLayer(3, 64, 8);
  const spike = { ...layer, keys: layer.keys.map((_, index) => (index % 64 === 9 ? 4 : 0)) };
  const { keys } = parseCacheFormat('vllm-token-head(type=int4_per_token_head)').store(spike);
  // Every rotated channel is 4 or -4, so a step is 8/15; no channel is off by more than half of one, give or take float32.
  assert.ok(keys.every((key, index) => Math.abs(key - spike.keys[index]!) < 4 / 15 + 1e-5));
});

test('parameters of a format are read from text and validated', () => {
  assert.deepEqual(parseCacheFormat('mlx(bits=3, groupSize=32)').parameters, {
    bits: 3,
    groupSize: 32,
    kernel: 'metal',
  });
  assert.deepEqual(parseCacheFormat('llamacpp(rotation=false)').parameters, {
    keys: 'q8_0',
    values: 'q8_0',
    rotation: false,
  });
  for (const [text, message] of [
    ['gptq', /There is no cache format "gptq"/],
    ['mlx(bits=7)', /Parameters of mlx: bits/],
    ['mlx(colour=red)', /colour/],
    ['mlx(bits)', /stores every entry/],
    ['kivi(residualLength=100)', /multiple of groupSize/],
    ['vllm-fp8(type=fp8_e5m2,scales=head)', /without scales/],
  ] as const) {
    assert.throws(
      () => parseCacheFormat(text),
      (thrown) =>
        thrown instanceof HoldfastError &&
        thrown.code === 'invalid-settings' &&
        message.test(thrown.message) &&
        thrown.hint !== undefined,
      text,
    );
  }
});
