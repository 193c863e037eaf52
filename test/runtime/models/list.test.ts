import assert from 'node:assert/strict';
import { mkdir, truncate } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { HoldfastError } from '../../../src/errors.ts';
import {
  catalog,
  listModels,
  resolveModel,
  type ListedModel,
  type Machine,
} from '../../../src/runtime/models/index.ts';
import { holdfastHome } from '../../../src/runtime/models/home.ts';
import { fakeMachine, ggufFile, link, put, putOllama, safetensorsFile, sha256 } from './support.ts';

const never = new AbortController().signal;

/** What was found beside the catalog, in the words of the list. */
async function found(machine: Machine): Promise<ListedModel[]> {
  return (await listModels(never, { machine })).filter((model) => model.catalog === undefined);
}

const facts = ({ id, status, keeper, architecture, licence }: ListedModel): unknown[] => [
  id,
  status,
  keeper,
  architecture,
  licence,
];

/** The model resolves by its id to its own content. */
async function assertNamed(id: string, content: Uint8Array, machine: Machine): Promise<void> {
  const resolved = await resolveModel(id, never, { machine });
  assert.ok(!('missing' in resolved), id);
  assert.deepEqual([resolved.id, resolved.sha256], [id, sha256(content)]);
}

async function refusal(id: string, machine: Machine): Promise<HoldfastError> {
  const error: unknown = await resolveModel(id, never, { machine }).then(
    () => assert.fail(`${id} was found`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof HoldfastError, String(error));
  return error;
}

test('an empty machine lists the catalog alone, with what each model would need', async (t) => {
  const listed = await listModels(never, { machine: await fakeMachine(t), usableMemory: 1e9 });
  assert.deepEqual(
    listed.map(({ id }) => id),
    catalog.map(({ id }) => id),
  );
  const [standard, ...others] = listed;
  assert.deepEqual([standard?.status, standard?.keeper, standard?.memory?.fits], ['missing', undefined, true]);
  assert.ok(others.some(({ memory }) => memory?.fits === false));
  for (const { status, reason } of listed) assert.equal(reason !== undefined, status === 'unsupported');
});

test('what the engine may use decides what fits', async (t) => {
  const machine = await fakeMachine(t);
  const [first] = await listModels(never, { machine, usableMemory: 100 });
  const { bytes } = first!.memory!;
  assert.deepEqual(first?.memory, { bytes, usable: 100, fits: false });
  const [again] = await listModels(never, { machine, memoryLimit: `${Math.ceil(bytes / 1e6) + 1}MB` });
  assert.equal(again?.memory?.fits, true);
});

/** A snapshot with a file that links to a blob named by its sha256, as the Hugging Face libraries lay it out. */
async function putSnapshot(
  { userHome }: Machine,
  repository: string,
  commit: string,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<string> {
  const folder = path.join(userHome, '.cache', 'huggingface', 'hub', `models--${repository.replace('/', '--')}`);
  for (const [name, content] of Object.entries(files)) {
    const blob = await put(path.join(folder, 'blobs', sha256(content)), content);
    await link(blob, path.join(folder, 'snapshots', commit, ...name.split('/')));
  }
  return folder;
}

test('GGUF files and folders of the Hugging Face cache go by the names that they have on the Hub', async (t) => {
  const machine = await fakeMachine(t);
  const content = ggufFile({ licence: 'llama3.2', name: 'Tiny' });
  await putSnapshot(machine, 'ann/tiny--GGUF', 'c'.repeat(40), {
    'quants/tiny.gguf': content,
    'mmproj-tiny.gguf': ggufFile(),
    'README.md': Buffer.from(''),
  });
  await putSnapshot(machine, 'ann/folder', 'd'.repeat(40), {
    'config.json': Buffer.from('{"model_type": "llama"}'),
    'model.safetensors': safetensorsFile(),
    'README.md': Buffer.from('---\nlanguage: en\nlicense: apache-2.0\n---\n# Folder'),
  });
  await putSnapshot(machine, 'ann/tokenizer-only', 'e'.repeat(40), { 'config.json': Buffer.from('{}') });
  const listed = await found(machine);
  assert.deepEqual(listed.map(facts), [
    ['hf:ann/folder', 'ready', 'huggingface', 'llama', 'Apache-2.0'],
    ['hf:ann/tiny--GGUF/quants/tiny.gguf', 'ready', 'huggingface', 'llama', 'Llama 3.2 Community License'],
  ]);
  assert.deepEqual(
    [listed[0]?.quantisation, listed[0]?.parameters, listed[1]?.quantisation, listed[1]?.parameters, listed[1]?.title],
    ['BF16', 4, 'Q4_1', 16, 'Tiny'],
  );
  await assertNamed('hf:ann/tiny--GGUF/quants/tiny.gguf', content, machine);
  await assertNamed('hf:ann/tiny--GGUF', content, machine); // its only file
  const folder = await resolveModel('hf:ann/folder', never, { machine });
  assert.ok(!('missing' in folder) && folder.format === 'huggingface');
});

test('of several snapshots the main one has the plain name, the others their commit', async (t) => {
  const machine = await fakeMachine(t);
  const [older, newer] = [ggufFile(), ggufFile()];
  const folder = await putSnapshot(machine, 'ann/tiny', `1234${'0'.repeat(36)}`, { 'tiny.gguf': older });
  await putSnapshot(machine, 'ann/tiny', `abcd${'0'.repeat(36)}`, { 'tiny.gguf': newer });
  await put(path.join(folder, 'refs', 'main'), `abcd${'0'.repeat(36)}\n`);
  assert.deepEqual(
    (await found(machine)).map(({ id }) => id),
    ['hf:ann/tiny/tiny.gguf', 'hf:ann/tiny/tiny.gguf@12340000'],
  );
  await assertNamed('hf:ann/tiny/tiny.gguf', newer, machine);
  await assertNamed('hf:ann/tiny/tiny.gguf@12340000', older, machine);
  await assertNamed('hf:ann/tiny/tiny.gguf@abcd', newer, machine);
});

test('an id that could mean several files of a repository names them', async (t) => {
  const machine = await fakeMachine(t);
  await putSnapshot(machine, 'ann/tiny', 'c'.repeat(40), { 'a.gguf': ggufFile(), 'b.gguf': ggufFile() });
  const { code, hint } = await refusal('hf:ann/tiny', machine);
  assert.equal(code, 'model-not-found');
  assert.match(hint ?? '', /hf:ann\/tiny\/a\.gguf, hf:ann\/tiny\/b\.gguf/);
});

test('models of Ollama go by the names that Ollama gives them', async (t) => {
  const machine = await fakeMachine(t);
  const store = path.join(machine.userHome, '.ollama', 'models');
  const host = 'registry.ollama.ai';
  const contents = [ggufFile(), ggufFile(), ggufFile({ licence: 'mit' })];
  await putOllama(
    store,
    [host, 'library', 'llama3.2', '1b'],
    contents[0]!,
    'LLAMA 3.2 COMMUNITY LICENSE AGREEMENT\n...',
  );
  await putOllama(store, [host, 'ann', 'tiny', 'latest'], contents[1]!);
  await putOllama(store, ['hf.co', 'ann', 'tiny-GGUF', 'Q4_0'], contents[2]!, 'Apache License\nVersion 2.0');
  assert.deepEqual((await found(machine)).map(facts), [
    ['ollama:hf.co/ann/tiny-GGUF:Q4_0', 'ready', 'ollama', 'llama', 'MIT'],
    ['ollama:ann/tiny:latest', 'ready', 'ollama', 'llama', undefined],
    ['ollama:llama3.2:1b', 'ready', 'ollama', 'llama', 'Llama 3.2 Community License'],
  ]);
  await assertNamed('ollama:llama3.2:1b', contents[0]!, machine);
  await assertNamed('ollama:ann/tiny', contents[1]!, machine);
  await assertNamed('ollama:hf.co/ann/tiny-GGUF:Q4_0', contents[2]!, machine);
  assert.match((await refusal('ollama:llama3.2', machine)).message, /Ollama has no model "llama3\.2"/);
});

test('broken manifests of Ollama are listed with the reason and hide nothing', async (t) => {
  const machine = await fakeMachine(t);
  const store = path.join(machine.userHome, '.ollama', 'models');
  const manifest = (name: string): string => path.join(store, 'manifests', 'registry.ollama.ai', 'library', name, 'x');
  const layer = (mediaType: string): string =>
    JSON.stringify({
      layers: [{ mediaType: `application/vnd.ollama.image.${mediaType}`, digest: `sha256:${'0'.repeat(64)}` }],
    });
  await put(manifest('a-truncated'), '{"layers": [');
  await put(manifest('b-other'), '{"layers": "none"}');
  await put(manifest('c-cloud'), '{"layers": []}');
  await put(manifest('d-tensors'), layer('tensor'));
  await put(manifest('e-no-blob'), layer('model'));
  await put(path.join(store, 'manifests', 'registry.ollama.ai', '.DS_Store'), 'x');
  await putOllama(store, ['registry.ollama.ai', 'library', 'f-text', 'x'], Buffer.from('no GGUF at all'));
  await putOllama(store, ['registry.ollama.ai', 'library', 'g-fine', 'x'], ggufFile());
  assert.deepEqual(
    (await found(machine)).map(({ id, status, reason }) => [id.slice('ollama:'.length), status, reason]),
    [
      ['a-truncated:x', 'unreadable', 'its manifest is not one of a model'],
      ['b-other:x', 'unreadable', 'its manifest is not one of a model'],
      ['c-cloud:x', 'unreadable', 'it has no weights of its own (a cloud model?)'],
      ['d-tensors:x', 'unreadable', 'its weights are stored tensor by tensor, not as GGUF'],
      [
        'e-no-blob:x',
        'unreadable',
        `its weights are missing: no blob sha256:${'0'.repeat(64)} (an interrupted download?)`,
      ],
      ['f-text:x', 'unreadable', 'is not a GGUF file'],
      ['g-fine:x', 'ready', undefined],
    ],
  );
  assert.match((await refusal('ollama:c-cloud:x', machine)).message, /cannot be used: it has no weights of its own/);
});

test('models of LM Studio are found in its usual, its moved and its chosen folder', async (t) => {
  const machine = await fakeMachine(t);
  const [usual, moved, chosen] = [ggufFile(), ggufFile(), ggufFile()];
  const home = path.join(machine.userHome, 'elsewhere');
  await put(path.join(machine.userHome, '.lmstudio', 'models', 'ann', 'a', 'a.gguf'), usual);
  await put(path.join(machine.userHome, '.lmstudio-home-pointer'), `${home}\n`);
  await put(path.join(home, 'models', 'ann', 'b', 'b.gguf'), moved);
  await put(path.join(home, 'settings.json'), JSON.stringify({ downloadsFolder: path.join(home, 'mine') }));
  await put(path.join(home, 'mine', 'ann', 'c', 'c.gguf'), chosen);
  assert.deepEqual(
    (await found(machine)).map(({ id }) => id),
    ['lmstudio:ann/c/c.gguf', 'lmstudio:ann/b/b.gguf', 'lmstudio:ann/a/a.gguf'],
  );
  await assertNamed('lmstudio:ann/a/a.gguf', usual, machine);
  await assertNamed('lmstudio:ann/b', moved, machine);
});

test('folders of the settings and of the environment are looked into, by path', async (t) => {
  const machine = await fakeMachine(t);
  const [first, second] = [path.join(machine.userHome, 'first'), path.join(machine.userHome, 'second')];
  const one = await put(path.join(first, 'one.gguf'), ggufFile());
  const two = await put(path.join(second, 'deep', 'two.gguf'), ggufFile({ architecture: 'mamba' }));
  const separator = process.platform === 'win32' ? ';' : ':';
  const named = {
    ...machine,
    modelFolders: ['~/first'],
    env: { HOLDFAST_MODEL_FOLDERS: `${second}${separator}${separator}${path.join(machine.userHome, 'absent')}` },
  };
  assert.deepEqual((await found(named)).map(facts), [
    [one, 'ready', 'user', 'llama', undefined],
    [two, 'unsupported', 'user', 'mamba', undefined],
  ]);
  assert.deepEqual(await found(machine), []);
});

test('a folder is known by every name that its family goes by', async (t) => {
  const folder = path.join((await fakeMachine(t)).userHome, 'mine');
  for (const modelType of ['gemma3_text', 'gemma3', 'gemma4_text']) {
    await put(path.join(folder, modelType, 'config.json'), JSON.stringify({ model_type: modelType }));
    await put(path.join(folder, modelType, 'model.safetensors'), safetensorsFile());
  }
  const listed = await found({ ...(await fakeMachine(t)), modelFolders: [folder] });
  assert.deepEqual(
    listed
      .map(({ path: place, architecture, status }) => [path.basename(place ?? ''), architecture, status])
      .toSorted(),
    [
      ['gemma3', 'gemma3', 'ready'],
      ['gemma3_text', 'gemma3', 'ready'],
      ['gemma4_text', 'gemma4_text', 'unsupported'],
    ],
  );
});

test('damaged and unsupported files say why, and a split file counts once with all its parts', async (t) => {
  const folder = path.join((await fakeMachine(t)).userHome, 'mine');
  const machine = { ...(await fakeMachine(t)), modelFolders: [folder] };
  const part = ggufFile();
  await put(path.join(folder, 'a-short.gguf'), ggufFile().subarray(0, -40));
  await put(path.join(folder, 'b-pointer.gguf'), 'version https://git-lfs.github.com/spec/v1');
  await put(path.join(folder, 'c-00001-of-00002.gguf'), part);
  await put(path.join(folder, 'c-00002-of-00002.gguf'), part);
  await put(path.join(folder, 'd-00001-of-00002.gguf'), part);
  await put(path.join(folder, 'e', 'config.json'), '{"model_type": "llama", "quantization_config": {"bits": 4}}');
  await put(path.join(folder, 'e', 'model.safetensors'), safetensorsFile('I32', 16));
  await put(path.join(folder, 'f', 'config.json'), 'not JSON');
  await put(path.join(folder, 'f', 'model.safetensors'), safetensorsFile());
  const listed = await found(machine);
  const shown = new Map(listed.map((model) => [path.relative(folder, model.path ?? ''), model]));
  assert.deepEqual([...shown.keys()].toSorted(), [
    'a-short.gguf',
    'b-pointer.gguf',
    'c-00001-of-00002.gguf',
    'd-00001-of-00002.gguf',
    'e',
    'f',
  ]);
  assert.match(shown.get('a-short.gguf')?.reason ?? '', /^it is incomplete/);
  assert.equal(shown.get('b-pointer.gguf')?.reason, 'is not a GGUF file');
  const split = shown.get('c-00001-of-00002.gguf');
  assert.deepEqual([split?.status, split?.bytes, split?.parameters], ['ready', 2 * part.byteLength, 32]);
  assert.match(shown.get('d-00001-of-00002.gguf')?.reason ?? '', /d-00002-of-00002\.gguf is missing/);
  assert.equal(shown.get('e')?.status, 'unsupported');
  assert.match(shown.get('e')?.reason ?? '', /quantised/);
  assert.equal(shown.get('f')?.status, 'unreadable');
});

test('a link whose blob is gone is listed with the reason', { skip: process.platform === 'win32' }, async (t) => {
  const machine = await fakeMachine(t);
  const snapshot = path.join(machine.userHome, '.cache', 'huggingface', 'hub', 'models--ann--tiny', 'snapshots', 'c');
  await mkdir(snapshot, { recursive: true });
  await link(path.join(machine.userHome, 'nowhere'), path.join(snapshot, 'tiny.gguf'));
  const [broken] = await found(machine);
  assert.deepEqual([broken?.id, broken?.status], ['hf:ann/tiny/tiny.gguf', 'unreadable']);
});

test('two names of one file are one line', { skip: process.platform === 'win32' }, async (t) => {
  const machine = await fakeMachine(t);
  const mine = await put(path.join(machine.userHome, 'mine', 'tiny.gguf'), ggufFile());
  await link(mine, path.join(machine.userHome, '.lmstudio', 'models', 'ann', 'tiny', 'tiny.gguf'));
  const listed = await found({ ...machine, modelFolders: [path.dirname(mine)] });
  assert.deepEqual(
    listed.map(({ id }) => id),
    [mine],
  );
});

test('a file of exactly the size of a catalog model is that model only with its content', async (t) => {
  const machine = await fakeMachine(t);
  const [standard] = catalog;
  const file = await put(path.join(holdfastHome(machine).models, standard!.file), 'GGUF');
  await truncate(file, standard!.bytes);
  const listed = await listModels(never, { machine });
  assert.equal(listed[0]?.status, 'missing');
  assert.equal(listed.find((model) => model.path === file)?.status, 'unreadable');
});

test('looking ends when it is cancelled', async (t) => {
  const machine = await fakeMachine(t);
  await put(path.join(machine.userHome, '.lmstudio', 'models', 'a', 'a', 'a.gguf'), ggufFile());
  await assert.rejects(listModels(AbortSignal.abort(), { machine }), { name: 'AbortError' });
});
