import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { HoldfastError, type HoldfastErrorCode } from '../../../src/errors.ts';
import { holdfastHome } from '../../../src/runtime/models/home.ts';
import { inspectModelPath, modelSha256 } from '../../../src/runtime/models/userModel.ts';
import { fakeMachine, modelContent, put, sha256, temporaryFolder } from './support.ts';

const never = new AbortController().signal;

const refuses = (code: HoldfastErrorCode, hint: RegExp) => (error: unknown) => {
  assert.ok(error instanceof HoldfastError);
  assert.equal(error.code, code);
  assert.match(error.hint ?? '', hint);
  return true;
};

test('knows a GGUF file by its first bytes, whatever its name', async (t) => {
  const content = modelContent();
  const file = await put(path.join(await temporaryFolder(t), 'sha256-0123'), content);
  assert.deepEqual(await inspectModelPath(file), { path: file, format: 'gguf', bytes: content.byteLength });
});

test('refuses a .gguf that is something else', async (t) => {
  const file = await put(path.join(await temporaryFolder(t), 'm.gguf'), 'version https://git-lfs.github.com/spec/v1');
  await assert.rejects(inspectModelPath(file), refuses('model-format', /Git LFS/u));
});

test('refuses an absent path', async (t) => {
  await assert.rejects(
    inspectModelPath(path.join(await temporaryFolder(t), 'no.gguf')),
    refuses('model-not-found', /path/u),
  );
});

test('takes a folder with config.json and safetensors; its hash covers what decides answers and nothing else', async (t) => {
  const home = holdfastHome(await fakeMachine(t));
  const folder = path.join(await temporaryFolder(t), 'model');
  await put(path.join(folder, 'config.json'), '{}');
  await put(path.join(folder, 'tokenizer.json'), '{"a":1}');
  await put(path.join(folder, 'model.safetensors'), 'weights');
  await put(path.join(folder, 'README.md'), 'hello');
  const model = await inspectModelPath(folder);
  assert.deepEqual(model, { path: folder, format: 'huggingface', bytes: 2 + 7 + 7 });

  const lines = ['config.json {}', 'model.safetensors weights', 'tokenizer.json {"a":1}']
    .map((line) => line.split(' '))
    .map(([name, content]) => `${name!} ${sha256(Buffer.from(content!))}\n`);
  assert.equal(await modelSha256(model, home, never), sha256(Buffer.from(lines.join(''))));

  const before = await modelSha256(model, home, never);
  await put(path.join(folder, 'README.md'), 'changed');
  assert.equal(await modelSha256(model, home, never), before);
  await put(path.join(folder, 'tokenizer.json'), '{"a":22}');
  assert.notEqual(await modelSha256(model, home, never), before);
});

test('says what to name instead of a folder without config.json', async (t) => {
  const folder = await temporaryFolder(t);
  await assert.rejects(inspectModelPath(folder), refuses('model-format', /folder that holds config\.json/u));
  await put(path.join(folder, 'b.gguf'), 'GGUF');
  await assert.rejects(inspectModelPath(folder), refuses('model-format', /b\.gguf/u));
});

test('says what is missing in a folder without safetensors', async (t) => {
  const folder = await temporaryFolder(t);
  await put(path.join(folder, 'config.json'), '{}');
  await put(path.join(folder, 'pytorch_model.bin'), 'pickle');
  await assert.rejects(inspectModelPath(folder), refuses('model-format', /safetensors/u));
});

test('says to name the folder instead of its config.json', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'the-folder');
  await mkdir(folder);
  const file = await put(path.join(folder, 'config.json'), '{}');
  await assert.rejects(inspectModelPath(file), refuses('model-format', /the-folder$/u));
});
