import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { holdfastHome } from '../../../src/runtime/models/home.ts';
import { locateModel } from '../../../src/runtime/models/locate.ts';
import { catalogModel, fakeMachine, modelContent, put } from './support.ts';

const never = new AbortController().signal;
const content = modelContent();
const model = catalogModel(content);

test('finds nothing on an empty machine', async (t) => {
  assert.equal(await locateModel(model, await fakeMachine(t), never), undefined);
});

test("finds Holdfast's own file, under whatever name", async (t) => {
  const machine = await fakeMachine(t);
  const file = await put(path.join(holdfastHome(machine).models, 'renamed.gguf'), content);
  assert.deepEqual(await locateModel(model, machine, never), { path: file, keeper: 'holdfast' });
});

test('a file of the right name and size with other content is not the model', async (t) => {
  const machine = await fakeMachine(t);
  await put(path.join(holdfastHome(machine).models, model.file), modelContent(content.byteLength));
  assert.equal(await locateModel(model, machine, never), undefined);
});

test('only files of the right size are read', async (t) => {
  const machine = await fakeMachine(t);
  await put(path.join(holdfastHome(machine).models, model.file), modelContent(content.byteLength + 1));
  await locateModel(model, machine, never, () => assert.fail('a file of another size was hashed'));
});

test('finds a blob of the Hugging Face cache by its hash', async (t) => {
  const machine = await fakeMachine(t);
  const hub = path.join(machine.userHome, '.cache', 'huggingface', 'hub');
  const blob = await put(path.join(hub, 'models--owner--name', 'blobs', model.sha256), content);
  assert.deepEqual(await locateModel(model, machine, never), { path: blob, keeper: 'huggingface' });
});

test('finds a file in a Hugging Face snapshot, real or linked, in a folder named by HF_HOME', async (t) => {
  const home = path.join((await fakeMachine(t)).userHome, 'hf');
  const machine = await fakeMachine(t, { HF_HOME: home });
  const repository = path.join(home, 'hub', 'models--owner--name');
  const snapshot = path.join(repository, 'snapshots', 'abc', 'gguf');
  const file = path.join(snapshot, 'other-name.gguf');
  await mkdir(snapshot, { recursive: true });
  if (process.platform === 'win32') await put(file, content);
  else await symlink(await put(path.join(repository, 'blobs', 'etag'), content), file);
  assert.deepEqual(await locateModel(model, machine, never), { path: file, keeper: 'huggingface' });
});

test('finds a blob of Ollama, at home or where OLLAMA_MODELS says', async (t) => {
  const elsewhere = path.join((await fakeMachine(t)).userHome, 'models');
  const machine = await fakeMachine(t);
  const atHome = await put(
    path.join(machine.userHome, '.ollama', 'models', 'blobs', `sha256-${model.sha256}`),
    content,
  );
  assert.deepEqual(await locateModel(model, machine, never), { path: atHome, keeper: 'ollama' });

  const other = await put(path.join(elsewhere, 'blobs', `sha256-${model.sha256}`), content);
  const named = { ...machine, env: { OLLAMA_MODELS: elsewhere } };
  assert.deepEqual(await locateModel(model, named, never), { path: other, keeper: 'ollama' });
});

test('an Ollama blob whose content is not what its name says is refused', async (t) => {
  const machine = await fakeMachine(t);
  await put(
    path.join(machine.userHome, '.ollama', 'models', 'blobs', `sha256-${model.sha256}`),
    modelContent(content.byteLength),
  );
  assert.equal(await locateModel(model, machine, never), undefined);
});

for (const folder of ['.lmstudio', path.join('.cache', 'lm-studio')])
  test(`finds a file of LM Studio below ${folder}`, async (t) => {
    const machine = await fakeMachine(t);
    const models = path.join(machine.userHome, folder, 'models');
    await put(path.join(models, 'publisher', 'repository', 'a-decoy.gguf'), modelContent(content.byteLength));
    const file = await put(path.join(models, 'publisher', 'repository', 'the-model.GGUF'), content);
    assert.deepEqual(await locateModel(model, machine, never), { path: file, keeper: 'lm-studio' });
  });

test('rejects when aborted', async (t) => {
  const machine = await fakeMachine(t);
  await put(path.join(holdfastHome(machine).models, model.file), content);
  await assert.rejects(locateModel(model, machine, AbortSignal.abort()), { name: 'AbortError' });
});
