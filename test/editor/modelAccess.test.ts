import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditSettings } from '../../src/analyzer/settings.ts';
import { acquireModel, progressText, type ModelPorts } from '../../src/editor/modelAccess.ts';
import type { LanguageModel } from '../../src/runtime/languageModel.ts';
import { catalog, type ResolvedModel } from '../../src/runtime/models/index.ts';

const missing = catalog[0]!;
const found: ResolvedModel = {
  id: missing.id,
  path: '/models/model.gguf',
  format: 'gguf',
  bytes: missing.bytes,
  sha256: missing.sha256,
  keeper: 'holdfast',
  catalog: missing,
};
const model = {} as LanguageModel;
const settings = auditSettings.parse({});
const never = new AbortController().signal;

/** Ports that record which steps were taken. */
function ports(overrides: Partial<ModelPorts>): { ports: ModelPorts; steps: string[] } {
  const steps: string[] = [];
  return {
    steps,
    ports: {
      resolve: (id) => {
        steps.push(`resolve ${id ?? 'default'}`);
        return Promise.resolve(found);
      },
      pull: () => {
        steps.push('pull');
        return Promise.resolve(found);
      },
      load: ({ id, path }) => {
        steps.push(`load ${id} ${path}`);
        return Promise.resolve(model);
      },
      consent: () => {
        steps.push('consent');
        return Promise.resolve(true);
      },
      isUntrusted: () => false,
      announce: () => undefined,
      ...overrides,
    },
  };
}

test('a model on this machine is loaded without a question', async () => {
  const { ports: fakes, steps } = ports({});
  assert.equal(await acquireModel(fakes, settings, never), model);
  assert.deepEqual(steps, ['resolve default', `load ${missing.id} /models/model.gguf`]);
});

test('a model named by its path is called by its name when it is known by content', async () => {
  const { ports: fakes, steps } = ports({
    resolve: () => Promise.resolve({ ...found, id: '~/m.gguf', keeper: 'user' }),
  });
  await acquireModel(fakes, settings, never);
  assert.deepEqual(steps, [`load ${missing.id} /models/model.gguf`]);
});

test('a missing model is fetched only after consent', async () => {
  const { ports: fakes, steps } = ports({ resolve: () => Promise.resolve({ missing }) });
  await acquireModel(fakes, settings, never);
  assert.deepEqual(steps, ['consent', 'pull', `load ${missing.id} /models/model.gguf`]);
});

test('a declined download fetches nothing and ends as an abort', async () => {
  const { ports: fakes, steps } = ports({
    resolve: () => Promise.resolve({ missing }),
    consent: () => Promise.resolve(false),
  });
  await assert.rejects(acquireModel(fakes, settings, never), { name: 'AbortError' });
  assert.deepEqual(steps, []);
});

test('an audit that is cancelled while the question stands fetches nothing', async () => {
  const controller = new AbortController();
  const { ports: fakes, steps } = ports({
    resolve: () => Promise.resolve({ missing }),
    consent: () => {
      controller.abort();
      return Promise.resolve(true);
    },
  });
  await assert.rejects(acquireModel(fakes, settings, controller.signal), { name: 'AbortError' });
  assert.deepEqual(steps, []);
});

test('a model inside an untrusted workspace is not loaded', async () => {
  const { ports: fakes, steps } = ports({ isUntrusted: (path) => path === found.path });
  await assert.rejects(acquireModel(fakes, settings, never), { code: 'model-not-found', message: /not trusted/ });
  assert.deepEqual(steps, ['resolve default']);
});

test('progress names the phase, the source and the amount', () => {
  assert.equal(
    progressText({ phase: 'download', done: 12_400_000, total: 98_362_432, source: 'Hugging Face Hub' }),
    'Downloading the model from Hugging Face Hub, 12 MB of 98 MB',
  );
  assert.equal(
    progressText({ phase: 'source-failed', done: 0, total: 0, source: 'pip', reason: 'no network' }),
    'pip did not work: no network',
  );
});
