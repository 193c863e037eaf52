import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { HoldfastError } from '../../../src/errors.ts';
import { graphPrefix } from '../../../src/runtime/graph/graphFolder.ts';
import { holdfastHome } from '../../../src/runtime/models/home.ts';
import { catalog, planRemoval, removeModel, verifyAll } from '../../../src/runtime/models/index.ts';
import { writeOrigin } from '../../../src/runtime/models/origin.ts';
import { fakeMachine, filesOf, ggufFile, put, putOllama, sha256 } from './support.ts';

const never = new AbortController().signal;

test('removes a pulled model with its record and its graphs, and leaves everything else', async (t) => {
  const machine = await fakeMachine(t);
  const { models, graphs } = holdfastHome(machine);
  const content = ggufFile();
  const file = await put(path.join(models, 'hf', 'ann', 'tiny', 'tiny.gguf'), content);
  await writeOrigin(file, {
    id: 'hf:ann/tiny/tiny.gguf',
    repository: 'ann/tiny',
    revision: 'c'.repeat(40),
    files: [{ name: 'tiny.gguf', bytes: content.byteLength, sha256: sha256(content) }],
  });
  const graph = path.join(graphs, `${graphPrefix(sha256(content))}4`);
  await put(path.join(graph, 'weights.bin'), Buffer.alloc(1000));
  await put(path.join(graphs, 'another-v4', 'weights.bin'), 'x');
  const other = await put(path.join(models, 'hf', 'bea', 'tiny.gguf'), ggufFile());

  const removal = await planRemoval('hf:ann/tiny/tiny.gguf', never, { machine });
  assert.deepEqual(removal.paths, [file, `${file}.origin.json`, graph]);
  assert.ok(existsSync(file), 'a plan deletes nothing');
  assert.ok(removal.bytes > content.byteLength + 1000);

  await removeModel(removal);
  assert.deepEqual(await filesOf(path.join(models, 'hf')), ['bea']);
  assert.ok(existsSync(other));
  assert.deepEqual(await filesOf(graphs), ['another-v4']);
});

test('removes a damaged catalog model, an unfinished download, a split model, and what is named by its path', async (t) => {
  const machine = await fakeMachine(t);
  const { models } = holdfastHome(machine);
  const [standard, other] = catalog;
  const damaged = await put(path.join(models, standard!.file), 'not it');
  const partial = await put(path.join(models, `${other!.file}.partial`), 'half');
  const parts = [
    await put(path.join(models, 's-00001-of-00002.gguf'), ggufFile()),
    await put(path.join(models, 's-00002-of-00002.gguf'), ggufFile()),
  ];
  for (const [id, paths] of [
    [standard!.id, [damaged]],
    [other!.id, [partial]],
    [parts[0]!, parts],
  ] as const) {
    const removal = await planRemoval(id, never, { machine });
    assert.deepEqual(removal.paths, paths);
    await removeModel(removal);
  }
  assert.deepEqual(await filesOf(models), []);
  assert.ok(existsSync(models));
});

test('refuses what others keep, and says who and how', async (t) => {
  const machine = await fakeMachine(t);
  const store = path.join(machine.userHome, '.ollama', 'models');
  await putOllama(store, ['registry.ollama.ai', 'library', 'tiny', '1b'], ggufFile());
  const hub = path.join(machine.userHome, '.cache', 'huggingface', 'hub');
  await put(path.join(hub, 'models--ann--tiny', 'snapshots', 'c', 'tiny.gguf'), ggufFile());
  await put(path.join(machine.userHome, '.lmstudio', 'models', 'ann', 'tiny', 'tiny.gguf'), ggufFile());
  const mine = await put(path.join(machine.userHome, 'mine.gguf'), ggufFile());
  const outside = path.join(holdfastHome(machine).models, '..', '..', 'mine.gguf');
  await put(outside, ggufFile());
  for (const [id, expected] of [
    ['ollama:tiny:1b', /Ollama[^]*ollama rm tiny:1b/],
    ['hf:ann/tiny/tiny.gguf', /Hugging Face cache/],
    ['lmstudio:ann/tiny/tiny.gguf', /LM Studio/],
    [mine, /belongs to you/],
    [outside, /belongs to you/],
    [holdfastHome(machine).models, /belongs to you|not on this machine/],
  ] as const) {
    await assert.rejects(planRemoval(id, never, { machine }), (error) => {
      assert.ok(error instanceof HoldfastError);
      assert.match(`${error.message} ${error.hint ?? ''}`, expected);
      assert.match(error.code, /model-foreign|model-not-found/);
      return true;
    });
  }
});

test('says that there is nothing to remove', async (t) => {
  const machine = await fakeMachine(t);
  for (const id of [catalog[0]!.id, 'hf:ann/tiny/tiny.gguf', '/nowhere/x.gguf'])
    await assert.rejects(planRemoval(id, never, { machine }), { code: 'model-not-found' });
});

test('verifying all compares each model with what is known of it, and goes on after a damaged one', async (t) => {
  const machine = await fakeMachine(t);
  const { models } = holdfastHome(machine);
  await put(path.join(models, catalog[0]!.file), ggufFile());
  const mine = await put(path.join(models, 'mine.gguf'), ggufFile());
  const store = path.join(machine.userHome, '.ollama', 'models');
  await putOllama(store, ['registry.ollama.ai', 'library', 'fine', 'x'], ggufFile());
  const blob = await putOllama(store, ['registry.ollama.ai', 'library', 'spoilt', 'x'], ggufFile());
  await put(blob, ggufFile());
  const seen: unknown[] = [];
  for await (const { id, comparedWith, problem } of verifyAll(never, { machine }))
    seen.push([id, comparedWith, problem === undefined]);
  assert.deepEqual(seen, [
    [catalog[0]!.id, 'catalog', false],
    [mine, 'nothing', true],
    ['ollama:fine:x', 'record', true],
    ['ollama:spoilt:x', 'record', false],
  ]);
});
