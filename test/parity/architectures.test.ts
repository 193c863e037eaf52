// Tiny checkpoints of whole architectures against transformers: logits of every position, keys and values of every layer.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { HoldfastError } from '../../src/errors.ts';
import { configFromHuggingFace, supportedArchitectures } from '../../src/runtime/graph/modelConfig.ts';
import { causalBias, type Decoder } from '../../src/runtime/simulator/decoder.ts';
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

async function assertParity(decoder: Decoder, reference: Reference, tolerance: typeof ggufTolerance): Promise<void> {
  const ids = Int32Array.from(reference.input_ids);
  const positions = ids.map((_, position) => position);
  const none = decoder.config.layers;
  const result = await decoder.run(
    {
      rows: 1,
      tokens: ids.length,
      ids,
      positions,
      prefix: { keys: new Array<Float32Array>(none), values: new Array<Float32Array>(none), tokens: 0 },
      prefixBias: null,
      own: null,
      ownBias: causalBias(1, ids.length),
      logitRows: positions,
    },
    ['logits', 'argmax', 'keyValues'],
  );
  assertNear(result.logits, floats(reference.logits), tolerance.logit, 'logits');
  if (reference.argmax !== undefined) assert.deepEqual([...result.argmax], reference.argmax, 'argmax');
  for (const [layer, { K, K_half_split, V }] of reference.layers.entries()) {
    assertNear(result.newKeys(layer), floats((K ?? K_half_split)!), tolerance.keyValue, `keys of layer ${layer}`);
    assertNear(result.newValues(layer), floats(V), tolerance.keyValue, `values of layer ${layer}`);
  }
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
      if ((supportedArchitectures as readonly string[]).includes(model_type)) {
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
