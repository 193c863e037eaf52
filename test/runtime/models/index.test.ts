import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { HoldfastError } from '../../../src/errors.ts';
import { catalog, DEFAULT_MODEL_ID, pullModel, resolveModel, verifyModel } from '../../../src/runtime/models/index.ts';
import { holdfastHome } from '../../../src/runtime/models/home.ts';
import { fakeMachine, modelContent, put, sha256 } from './support.ts';

const never = new AbortController().signal;

const codeOf = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'none',
    (error: unknown) => (error instanceof HoldfastError ? error.code : String(error)),
  );

test('a catalog model that is not on the machine is reported as missing, without network', async (t) => {
  const machine = await fakeMachine(t, { HF_ENDPOINT: 'http://127.0.0.1:1' });
  assert.deepEqual(await resolveModel(undefined, never, { machine }), { missing: catalog[0] });
  assert.deepEqual(await resolveModel(DEFAULT_MODEL_ID, never, { machine }), { missing: catalog[0] });
  assert.equal(await codeOf(verifyModel(undefined, never, { machine })), 'model-not-found');
});

test('a path resolves to the model there, and pulling it does nothing', async (t) => {
  const machine = await fakeMachine(t);
  const content = modelContent();
  const file = await put(path.join(machine.userHome, 'mine.gguf'), content);
  const expected = {
    id: '~/mine.gguf',
    path: file,
    format: 'gguf',
    bytes: content.byteLength,
    sha256: sha256(content),
    keeper: 'user',
  };
  assert.deepEqual(await resolveModel('~/mine.gguf', never, { machine }), expected);
  assert.deepEqual(await pullModel('~/mine.gguf', never, { machine }), expected);
  assert.deepEqual(await verifyModel('~/mine.gguf', never, { machine }), { ...expected, comparedWith: 'nothing' });
});

test('neither an id nor a path is an error that lists the ids', async (t) => {
  const machine = await fakeMachine(t);
  await assert.rejects(resolveModel('smollm9', never, { machine }), (error) => {
    assert.ok(error instanceof HoldfastError);
    assert.equal(error.code, 'model-not-found');
    assert.match(error.message, /"smollm9"/u);
    assert.match(error.hint ?? '', new RegExp(DEFAULT_MODEL_ID, 'u'));
    return true;
  });
});

test('verifying tells a damaged download from one that is not there', async (t) => {
  const machine = await fakeMachine(t);
  await put(path.join(holdfastHome(machine).models, catalog[0]!.file), modelContent());
  assert.equal(await codeOf(verifyModel(undefined, never, { machine })), 'model-verification');
});

test('catalog entries are well formed and their ids unique', () => {
  assert.equal(new Set(catalog.map(({ id }) => id)).size, catalog.length);
  assert.ok(catalog.some(({ id }) => id === DEFAULT_MODEL_ID));
  for (const model of catalog) {
    assert.match(model.sha256, /^[0-9a-f]{64}$/u);
    assert.match(model.file, /^[\w.-]+\.gguf$/u);
    assert.ok(model.bytes > model.parameters / 8, `${model.id}: fewer than 1 bit per weight`);
    assert.ok(model.bytes < model.parameters * 4, `${model.id}: more than 32 bits per weight`);
    assert.ok(model.title.includes(model.quantisation) && model.licence !== '', model.id);
    for (const source of model.sources) if (source.kind === 'hub') assert.match(source.revision, /^[0-9a-f]{40}$/u);
  }
});
