import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HoldfastError } from '../../../src/errors.ts';
import { ensureGraph, requireSpace, type BuiltGraph } from '../../../src/runtime/graph/graphCache.ts';
import { configFromGguf } from '../../../src/runtime/graph/ggufConfig.ts';
import { positionsOf } from '../../../src/runtime/graph/modelConfig.ts';
import { precisions, type Precision } from '../../../src/runtime/graph/precision.ts';
import { executedBytes } from '../../../src/runtime/graph/weightMatrix.ts';
import { openGguf } from '../../../src/runtime/weights/gguf.ts';

const tiny = fileURLToPath(new URL('../../fixtures/arch/gguf/q4_1.gguf', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));
const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-graphs-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

function build(folder: string, sha256 = 'a'.repeat(64), precision: Precision = 'auto'): BuiltGraph {
  const gguf = openGguf(tiny);
  try {
    const config = configFromGguf(gguf);
    return ensureGraph(gguf, config, sha256, folder, precision);
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

  test('are kept apart by precision', () => {
    const folder = path.join(scratch, 'precision');
    const sizes = (['auto', 'float32', 'int8'] as const).map((precision) => {
      const { fromCache, weightBytes } = build(folder, undefined, precision);
      assert.equal(fromCache, false);
      return weightBytes;
    });
    assert.ok(sizes[0]! < sizes[1]! / 2, `${sizes[0]} bytes in blocks, ${sizes[1]} in float32`);
    assert.equal(build(folder, undefined, 'float32').fromCache, true);
  });

  for (const [what, damage] of [
    ['a truncated weights file', (folder) => truncateSync(path.join(folder, 'weights.bin'), 100)],
    ['a flipped bit in the middle of the weights', (folder) => flipBit(path.join(folder, 'weights.bin'), 0.5)],
    ['a flipped bit at the end of the weights', (folder) => flipBit(path.join(folder, 'weights.bin'), 1)],
    ['a flipped bit in the model', (folder) => flipBit(path.join(folder, 'model.onnx'), 0.5)],
    ['a missing model file', (folder) => rmSync(path.join(folder, 'model.onnx'))],
    ['a missing weights file', (folder) => rmSync(path.join(folder, 'weights.bin'))],
    ['an unreadable manifest', (folder) => writeFileSync(path.join(folder, 'manifest.json'), '{')],
    ['an empty folder', (folder) => readdirSync(folder).forEach((name) => rmSync(path.join(folder, name)))],
  ] satisfies [string, (folder: string) => void][]) {
    test(`${what} is noticed and built again, whole`, () => {
      const folder = path.join(scratch, what.replaceAll(' ', '-'));
      const { modelPath, weightBytes } = build(folder);
      const content = readFileSync(path.join(path.dirname(modelPath), 'weights.bin'));
      damage(path.dirname(modelPath));
      const rebuilt = build(folder);
      assert.deepEqual([rebuilt.fromCache, rebuilt.weightBytes], [false, weightBytes]);
      assert.deepEqual(readFileSync(path.join(path.dirname(rebuilt.modelPath), 'weights.bin')), content);
      assert.equal(readdirSync(folder).length, 1, 'no partial build is left');
      assert.equal(build(folder).fromCache, true);
    });
  }

  test('weights that were copied, with another time and inode, are hashed once and stay in use', () => {
    const folder = path.join(scratch, 'copied');
    const weights = path.join(path.dirname(build(folder).modelPath), 'weights.bin');
    copyFileSync(weights, `${weights}.copy`);
    renameSync(`${weights}.copy`, weights);
    const stamp = path.join(path.dirname(weights), 'stamp.json');
    const before = readFileSync(stamp, 'utf8');
    assert.equal(build(folder).fromCache, true);
    assert.notEqual(readFileSync(stamp, 'utf8'), before);
  });

  test('what a killed build and older versions left is removed; a build in progress is not', () => {
    const folder = path.join(scratch, 'leftovers');
    mkdirSync(folder, { recursive: true });
    const gone = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', killedBuild(folder)], {
      cwd: root,
      encoding: 'utf8',
    });
    assert.equal(gone.signal, 'SIGKILL', gone.stderr);
    const [left] = readdirSync(folder);
    assert.match(left!, /^partial-/);
    const running = left!.replace(/-\d+-/u, `-${process.pid}-`);
    const older = [`${'a'.repeat(24)}-v4`, `${'b'.repeat(24)}-auto-v5`];
    const others = [running, 'partial-00000000-1-abcdef', `${'c'.repeat(24)}-auto-v99999`, 'notes'];
    for (const name of [...older, ...others]) mkdirSync(path.join(folder, name));
    const graph = path.basename(path.dirname(build(folder).modelPath));
    assert.deepEqual(readdirSync(folder).sort(), [...others, graph].sort());
    const dayBefore = Date.now() / 1000 - 100_000;
    utimesSync(path.join(folder, running), dayBefore, dayBefore);
    build(folder, 'd'.repeat(64));
    assert.equal(readdirSync(folder).includes(running), false, 'a build of yesterday is not in progress');
  });

  test('a disk without room is refused with numbers before anything is written', () => {
    const folder = path.join(scratch, 'full');
    mkdirSync(folder);
    assert.throws(
      () => requireSpace(folder, 2 ** 60),
      (error) =>
        error instanceof HoldfastError &&
        error.code === 'disk-space' &&
        /takes 1152921504\.6 GB .* [\d.]+ GB are free/u.test(error.message),
    );
    requireSpace(folder, 1);
  });

  test('a folder that cannot be written is an error with a next step', () => {
    assert.throws(
      () => build('/dev/null/graphs'),
      (error) => error instanceof HoldfastError && error.hint?.includes('HOLDFAST_HOME') === true,
    );
  });

  test('the size that is foreseen is that of the tensors that are written', () => {
    const gguf = openGguf(tiny);
    const config = configFromGguf(gguf);
    const ropeTables = positionsOf(config) * config.headDim * 4;
    for (const precision of precisions) {
      const folder = path.dirname(build(path.join(scratch, `size-${precision}`), undefined, precision).modelPath);
      const { regions } = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')) as {
        regions: { length: number }[];
      };
      const written = regions.reduce((sum, { length }) => sum + length, 0) - ropeTables;
      const foreseen = executedBytes(gguf, precision);
      assert.ok(Math.abs(written / foreseen - 1) < 0.01, `${foreseen} bytes foreseen, ${written} written`);
    }
    gguf.close();
  });
});

function flipBit(file: string, position: number): void {
  const bytes = readFileSync(file);
  const at = Math.min(bytes.length - 1, Math.floor(bytes.length * position));
  bytes[at]! ^= 1;
  writeFileSync(file, bytes);
}

/** A program that converts the tiny model and is killed while it reads the second matrix of a layer. */
const killedBuild = (folder: string): string => `
  const { ensureGraph } = await import('./src/runtime/graph/graphCache.ts');
  const { configFromGguf } = await import('./src/runtime/graph/ggufConfig.ts');
  const { openGguf } = await import('./src/runtime/weights/gguf.ts');
  const gguf = openGguf(${JSON.stringify(tiny)});
  const killer = { ...gguf, readRowsInto(target, name, row) {
    if (name === 'blk.0.ffn_up.weight') process.kill(process.pid, 'SIGKILL');
    gguf.readRowsInto(target, name, row);
  } };
  ensureGraph(killer, configFromGguf(gguf), '${'a'.repeat(64)}', ${JSON.stringify(folder)});
`;
