import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import {
  cacheFolderCheck,
  deviceCheck,
  memoryCheck,
  modelCheck,
  nodeCheck,
  onnxRuntimeCheck,
} from '../../src/cli/doctorChecks.ts';
import { HoldfastError } from '../../src/errors.ts';
import { catalog } from '../../src/runtime/models/index.ts';
import { model } from './harness.ts';

const { signal } = new AbortController();

test('an old Node fails with what to install', async () => {
  assert.equal((await nodeCheck('20.0.0').run(signal)).status, 'ok');
  assert.deepEqual(await nodeCheck('18.19.1').run(signal), {
    status: 'fail',
    found: '18.19.1',
    todo: 'Install Node.js 20 or newer.',
  });
});

test('little free memory is a warning', async () => {
  const memory = (limit: number) => () => Promise.resolve({ free: limit / 0.6, total: 16e9, limit });
  assert.deepEqual(await memoryCheck(memory(4.8e9)).run(signal), {
    status: 'ok',
    found: '8.0 GB available of 16.0 GB; audits may use 4.8 GB (60%)',
  });
  assert.equal((await memoryCheck(memory(2e8)).run(signal)).status, 'warn');
});

test('a cache folder that does not exist yet counts by the folder above it and is not created', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'holdfast-doctor-'));
  const { status, found } = await cacheFolderCheck(path.join(folder, 'a/b')).run(signal);
  assert.equal(status, 'ok');
  assert.match(found, /MB free$/);
  writeFileSync(path.join(folder, 'file'), '');
  assert.equal((await cacheFolderCheck(path.join(folder, 'file/b')).run(signal)).status, 'fail');
});

test('a missing model fails with the command that gets it, a damaged one with its own advice', async () => {
  const verify = () => Promise.resolve(model);
  const missing = await modelCheck({ resolve: () => Promise.resolve({ missing: catalog[0]! }), verify }).run(signal);
  assert.equal(missing.status, 'fail');
  assert.match(missing.todo ?? '', /holdfast models pull/);
  const resolve = () => Promise.resolve(model);
  assert.equal((await modelCheck({ resolve, verify }).run(signal)).status, 'ok');
  const damaged = await modelCheck({
    resolve,
    verify: () => Promise.reject(new HoldfastError('model-verification', 'It is damaged.', 'Delete it.')),
  }).run(signal);
  assert.deepEqual(damaged, { status: 'fail', found: 'It is damaged.', todo: 'Delete it.' });
});

test('ONNX Runtime loads in a process of its own and names its providers', async () => {
  const { status, found } = await onnxRuntimeCheck().run(signal);
  assert.equal(status, 'ok');
  assert.match(found, /providers: .*cpu/);
});

test('the choice of a device is told for the default model and a large one, with reasons', async () => {
  const providers = () => Promise.resolve(['cpu', 'webgpu']);
  const { status, found } = await deviceCheck(providers, 'other').run(signal);
  assert.equal(status, 'ok');
  assert.match(found, /default model cpu \(a model of 228 MB gains nothing/);
  assert.match(found, /6\.0 GB webgpu, if a check run gives the CPU's numbers faster, else cpu$/);
  assert.match(
    (await deviceCheck(providers, 'none').run(signal)).found,
    /6\.0 GB cpu \(no GPU to use .*no graphics device/,
  );
});
