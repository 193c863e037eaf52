import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editorMachine, hubTokenStore, type Secrets } from '../../src/editor/editorMachine.ts';
import { modelSections, type Localizer } from '../../src/editor/modelItems.ts';
import { catalog, type ListedModel } from '../../src/runtime/models/index.ts';

/** English, as the editor makes it without a language pack. */
const l10n = {
  t: (message: string, ...values: unknown[]) =>
    message.replace(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)])),
} as Localizer;

const base = { architecture: 'llama', parameters: 1.24e9, quantisation: 'Q4_K_M', licence: 'MIT', bytes: 0.8e9 };
const fits = { bytes: 2e9, usable: 8e9, fits: true };
const listed: readonly ListedModel[] = [
  { ...base, id: 'tiny', title: 'Tiny', status: 'ready', keeper: 'holdfast', path: '/h/tiny.gguf', memory: fits },
  {
    ...base,
    id: 'big',
    title: 'Big',
    status: 'missing',
    memory: { bytes: 9e9, usable: 8e9, fits: false },
    catalog: catalog[0]!,
  },
  { id: 'ollama:x:1b', title: 'X', status: 'ready', keeper: 'ollama', path: '/o/blob', bytes: 1e9 },
  { ...base, id: 'odd', title: 'Odd', status: 'unsupported', reason: 'it is odd', keeper: 'lm-studio', path: '/l/odd' },
  {
    id: '/m/x.gguf',
    title: '/m/x.gguf',
    status: 'unreadable',
    reason: 'it is broken',
    keeper: 'user',
    path: '/m/x.gguf',
  },
];

test('the picker groups models by where they are and says what each takes', () => {
  const shown = modelSections(listed, l10n).map(({ title, items }) => [
    title,
    ...items.map(({ label, description, detail }) => [label, description, detail]),
  ]);
  const facts = 'llama · 1.2 B parameters · Q4_K_M · 800 MB · MIT';
  assert.deepEqual(shown, [
    ['On this machine', ['Tiny', 'fits: about 2.0 GB of memory', `tiny · ${facts} · Holdfast`]],
    ['Of other programs', ['X', '', 'ollama:x:1b · 1.0 GB · licence unknown · Ollama']],
    ['To download', ['$(cloud-download) Big', 'does not fit here: needs 9.0 GB of 8.0 GB', `big · ${facts}`]],
    [
      'Cannot be used',
      ['$(circle-slash) Odd', 'it is odd', `odd · ${facts} · LM Studio`],
      ['$(warning) /m/x.gguf', 'it is broken', '/m/x.gguf'],
    ],
  ]);
});

test('a section without a model is not shown', () => {
  assert.deepEqual(
    modelSections([listed[0]!], l10n).map(({ title }) => title),
    ['On this machine'],
  );
});

test('the token lives in the secret storage, and the machine asks there when it is needed', async () => {
  const kept = new Map<string, string>();
  const secrets: Secrets = {
    get: (key: string) => Promise.resolve(kept.get(key)),
    store: (key: string, value: string) => {
      kept.set(key, value);
      return Promise.resolve();
    },
    delete: (key: string) => {
      kept.delete(key);
      return Promise.resolve();
    },
  };
  const settings = { modelFolders: ['/m'], hubEndpoints: ['https://hub.test'] };
  const machine = editorMachine(settings, secrets);
  assert.deepEqual([machine.modelFolders, machine.hubEndpoints], [['/m'], ['https://hub.test']]);
  assert.equal(await machine.hubToken?.(), undefined);
  await hubTokenStore(secrets).set('hf_x');
  assert.equal(await machine.hubToken?.(), 'hf_x');
  assert.ok(!JSON.stringify(machine).includes('hf_x'), 'a machine that is logged tells no token');
  await hubTokenStore(secrets).clear();
  assert.equal(await machine.hubToken?.(), undefined);
});
