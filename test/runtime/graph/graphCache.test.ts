import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HoldfastError } from '../../../src/errors.ts';
import { ensureGraph, type BuiltGraph } from '../../../src/runtime/graph/graphCache.ts';
import { configFromGguf } from '../../../src/runtime/graph/ggufConfig.ts';
import { openGguf } from '../../../src/runtime/weights/gguf.ts';

const tiny = fileURLToPath(new URL('../../fixtures/arch/gguf/q4_1.gguf', import.meta.url));
const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-graphs-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

function build(folder: string, sha256 = 'a'.repeat(64)): BuiltGraph {
  const gguf = openGguf(tiny);
  try {
    return ensureGraph(gguf, configFromGguf(gguf), sha256, folder);
  } finally {
    gguf.close();
  }
}

describe('converted graphs', () => {
  test('are built once per content', () => {
    const folder = path.join(scratch, 'once');
    assert.equal(build(folder).fromCache, false);
    assert.equal(build(folder).fromCache, true);
    assert.equal(build(folder, 'b'.repeat(64)).fromCache, false);
  });

  test('are byte for byte the same when built again', () => {
    const [a, b] = [build(path.join(scratch, 'a')), build(path.join(scratch, 'b'))];
    assert.deepEqual(readFileSync(a.modelPath), readFileSync(b.modelPath));
  });

  for (const [what, damage] of [
    ['a truncated weights file', (folder: string) => truncateSync(path.join(folder, 'weights.bin'), 100)],
    ['a missing model file', (folder: string) => rmSync(path.join(folder, 'model.onnx'))],
    ['an unreadable manifest', (folder: string) => writeFileSync(path.join(folder, 'manifest.json'), '{')],
  ] as const) {
    test(`${what} is built again, whole`, () => {
      const folder = path.join(scratch, what.replaceAll(' ', '-'));
      const { modelPath, weightBytes } = build(folder);
      damage(path.dirname(modelPath));
      const rebuilt = build(folder);
      assert.deepEqual([rebuilt.fromCache, rebuilt.weightBytes], [false, weightBytes]);
      assert.equal(readdirSync(folder).length, 1, 'no partial build is left');
    });
  }

  test('a folder that cannot be written is an error with a next step', () => {
    assert.throws(
      () => build('/dev/null/graphs'),
      (error) => error instanceof HoldfastError && error.hint?.includes('HOLDFAST_HOME') === true,
    );
  });
});
