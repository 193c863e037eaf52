// Tiny checkpoints of whole architectures against transformers: logits of every position, keys and values of every layer.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { HoldfastError } from '../../src/errors.ts';
import { findModelType } from '../../src/runtime/graph/architectures/index.ts';
import { configFromHuggingFace } from '../../src/runtime/graph/huggingFaceConfig.ts';
import { longRopeStart } from '../../src/runtime/graph/rope.ts';
import { causalBias, type Decoder, type PrefixCache } from '../../src/runtime/simulator/decoder.ts';
import { OwnCache } from '../../src/runtime/simulator/ownCache.ts';
import { openTestDecoder, openTestFolder } from '../support/engine.ts';
import { committedFixture, discover, fixture, floats, needsFixtures, readJson } from '../support/fixtures.ts';

interface Reference {
  input_ids: number[];
  logits: { f32: string };
  argmax?: number[];
  layers: { K?: { f32: string }; K_half_split?: { f32: string }; V: { f32: string } }[];
}

// Tolerances of the fixtures' READMEs.
const folderTolerance = { logit: 2e-4, keyValue: 1e-4 };
const ggufTolerance = { logit: 5e-4, keyValue: 1e-4 };

function assertNear(actual: Float32Array, expected: Float32Array, allowed: number, what: string): void {
  assert.equal(actual.length, expected.length, `${what}: size`);
  let worst = 0;
  for (const [i, value] of expected.entries()) worst = Math.max(worst, Math.abs(actual[i]! - value));
  assert.ok(worst <= allowed, `${what}: off by ${worst}, allowed ${allowed}`);
}

/** Runs `ids` as new tokens after what `prefix` and `own` hold. */
async function run(decoder: Decoder, ids: Int32Array, start: number, prefix: PrefixCache, own: OwnCache | null) {
  const tokens = ids.length;
  const held = own?.tokens ?? 0;
  const causal = causalBias(1, tokens);
  const ownBias = new Float32Array(tokens * (held + tokens));
  for (let row = 0; row < tokens; row++) {
    ownBias.set(causal.subarray(row * tokens, (row + 1) * tokens), row * (held + tokens) + held);
  }
  return await decoder.run(
    {
      rows: 1,
      tokens,
      ids,
      positions: ids.map((_, i) => start + i),
      prefix,
      prefixBias: null,
      own,
      ownBias,
      logitRows: ids.map((_, i) => i),
    },
    ['logits', 'argmax', 'keyValues'],
  );
}

async function assertParity(decoder: Decoder, reference: Reference, tolerance: typeof ggufTolerance): Promise<void> {
  const ids = Int32Array.from(reference.input_ids);
  const { layers, vocabSize } = decoder.config;
  const longRopeFrom = longRopeStart(decoder.config);
  const longRope = longRopeFrom !== null && ids.length > longRopeFrom;
  const none = new Array<Float32Array>(layers);
  const empty: PrefixCache = { keys: none, values: none, tokens: 0, longRope };
  const expected = floats(reference.logits);
  const whole = await run(decoder, ids, 0, empty, null);
  assertNear(whole.logits, expected, tolerance.logit, 'logits');
  if (reference.argmax !== undefined) assert.deepEqual([...whole.argmax], reference.argmax, 'argmax');
  for (const [layer, { K, K_half_split, V }] of reference.layers.entries()) {
    assertNear(whole.newKeys(layer), floats((K ?? K_half_split)!), tolerance.keyValue, `keys of layer ${layer}`);
    assertNear(whole.newValues(layer), floats(V), tolerance.keyValue, `values of layer ${layer}`);
  }

  // The same as a simulation feeds it: a shared prefix, a row's own earlier tokens, and new ones.
  const [ownStart, newStart] = [Math.floor(ids.length / 3), Math.floor((2 * ids.length) / 3)];
  const first = await run(decoder, ids.slice(0, ownStart), 0, empty, null);
  const perLayer = <T>(value: (layer: number) => T): T[] => Array.from({ length: layers }, (_, layer) => value(layer));
  const prefix: PrefixCache = {
    keys: perLayer((layer) => first.newKeys(layer)),
    values: perLayer((layer) => first.newValues(layer)),
    tokens: ownStart,
    longRope,
  };
  const own = new OwnCache(decoder.config, 1, newStart - ownStart);
  own.append([0], [newStart - ownStart], await run(decoder, ids.slice(ownStart, newStart), ownStart, prefix, null));
  const last = await run(decoder, ids.slice(newStart), newStart, prefix, own);
  assertNear(last.logits, expected.subarray(newStart * vocabSize), tolerance.logit, 'logits of three parts');
}

describe('architecture parity', needsFixtures('arch'), () => {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-arch-'));
  after(() => rmSync(scratch, { recursive: true, force: true }));
  // The second set has the options that the first lacks.
  const roots = [fixture('arch'), committedFixture('architectures')].filter((root) => existsSync(root));
  const folders = roots
    .flatMap((root) => readdirSync(root).map((name) => path.join(root, name)))
    .filter((folder) => existsSync(path.join(folder, 'config.json')));

  for (const folder of folders) {
    const name = path.basename(folder);
    for (const config of readdirSync(folder).filter((file) => /^config.*\.json$/u.test(file))) {
      const { model_type } = readJson<{ model_type: string }>(path.join(folder, config));
      if (findModelType(model_type) !== undefined) {
        test(`${name}, ${config}: logits, keys and values`, async () => {
          const decoder = await openTestFolder(scratch, folder, config);
          await assertParity(decoder, readJson<Reference>(path.join(folder, 'reference.json')), folderTolerance);
          await decoder.session.release();
        });
      } else {
        test(`${name}, ${config}: refused by name, with the list of supported architectures`, () => {
          assert.throws(
            () => configFromHuggingFace(path.join(folder, config)),
            (error) =>
              error instanceof HoldfastError &&
              error.code === 'unsupported-model' &&
              error.message.includes(`"${model_type}"`) &&
              error.hint!.includes('llama'),
          );
        });
      }
    }
    // The same weights as a converter writes them, with the same outputs.
    for (const file of readdirSync(folder).filter((entry) => entry.endsWith('.gguf'))) {
      test(`${name}, ${file}: logits, keys and values`, async () => {
        const decoder = await openTestDecoder(scratch, path.join(folder, file));
        await assertParity(decoder, readJson<Reference>(path.join(folder, 'reference.json')), folderTolerance);
        await decoder.session.release();
      });
    }
  }

  test('there is a supported architecture to compare with', () => {
    const supported = folders.filter((folder) => path.basename(folder).startsWith('llama'));
    assert.ok(supported.length > 0, `no llama folder in ${roots.join(' or ')}`);
  });

  for (const file of discover('arch/gguf', /\.gguf$/u)) {
    test(`${path.basename(file)}: logits, keys and values of the quantised model`, async () => {
      const decoder = await openTestDecoder(scratch, file);
      await assertParity(decoder, readJson<Reference>(file.replace(/\.gguf$/u, '.reference.json')), ggufTolerance);
      await decoder.session.release();
    });
  }
});
