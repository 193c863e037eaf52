import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { HoldfastError, type HoldfastErrorCode } from '../../../src/errors.ts';
import { downloadModel } from '../../../src/runtime/models/download.ts';
import { holdfastHome } from '../../../src/runtime/models/home.ts';
import { pullModel, resolveModel, verifyModel, type PullOptions } from '../../../src/runtime/models/index.ts';
import { catalogModel, fakeMachine, filesOf, ggufFile, modelContent, put, sendFile, serve, sha256 } from './support.ts';

const never = new AbortController().signal;
const commit = 'a1b2'.repeat(10);
const token = 'hf_secretOfTheTest';

interface Seen {
  readonly host: string;
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
}

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/**
 * `fetch` for a world in which `https://<host>` is answered by a handler; records what each host was asked. Redirects are
 * followed or not as the caller says, because the handlers stand behind one real server.
 */
async function world(t: TestContext, hosts: Readonly<Record<string, Handler>>) {
  const seen: Seen[] = [];
  const server = await serve(t, (request, response) => {
    const host = String(request.headers['x-host']);
    seen.push({
      host,
      method: request.method ?? '',
      url: request.url ?? '',
      authorization: request.headers.authorization,
    });
    hosts[host]?.(request, response, seen.filter((each) => each.host === host).length - 1);
  });
  const fetchPort: typeof fetch = (input, init) => {
    const url = new URL(input);
    if (hosts[url.host] === undefined)
      return Promise.reject(new TypeError('fetch failed', { cause: new Error('no such host') }));
    const headers = { ...(init?.headers as Record<string, string>), 'x-host': url.host };
    return fetch(`${server.url}${url.pathname}${url.search}`, { ...init, headers });
  };
  return { seen, fetch: fetchPort };
}

/** Answers for files as the Hub does: hash and size with HEAD, content from storage on another host. */
function hub(files: Readonly<Record<string, Buffer>>, storage = 'https://storage.test'): Handler {
  return (request, response) => {
    const name = decodeURIComponent((request.url ?? '').replace(/^\/[^/]+\/[^/]+\/resolve\/[^/]+\//u, ''));
    const content = files[name];
    if (content === undefined) {
      response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
      return;
    }
    response
      .writeHead(302, {
        location: `${storage}/${name}`,
        'x-repo-commit': commit,
        'x-linked-etag': `"${sha256(content)}"`,
        'x-linked-size': content.byteLength,
      })
      .end();
  };
}

const storageOf =
  (
    files: Readonly<Record<string, Buffer>>,
    options: (count: number) => Parameters<typeof sendFile>[3] = () => ({}),
  ): Handler =>
  (request, response, count) =>
    sendFile(files[decodeURIComponent((request.url ?? '').slice(1))]!, request, response, options(count));

async function failure(promise: Promise<unknown>, code: HoldfastErrorCode): Promise<HoldfastError> {
  const error: unknown = await promise.then(
    () => assert.fail('it succeeded'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof HoldfastError, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}

async function machineWith(t: TestContext, env: NodeJS.ProcessEnv = {}) {
  const machine = await fakeMachine(t, { HF_ENDPOINT: 'https://hub.test', ...env });
  const options = { machine, stallMs: 5000 } satisfies PullOptions;
  return { machine, models: holdfastHome(machine).models, options };
}

const id = 'hf:ann/tiny/tiny.gguf';

test('a file of the Hub is fetched by name, verified by the hash of the Hub, and found again without network', async (t) => {
  const content = ggufFile();
  const { seen, fetch } = await world(t, {
    'hub.test': hub({ 'tiny.gguf': content }),
    'storage.test': storageOf({ 'tiny.gguf': content }),
  });
  const { machine, models, options } = await machineWith(t);
  assert.ok('missing' in (await resolveModel(id, never, { machine })));

  const pulled = await pullModel(id, never, { ...options, fetch });
  assert.equal(pulled.path, path.join(models, 'hf', 'ann', 'tiny', 'tiny.gguf'));
  assert.deepEqual([pulled.id, pulled.keeper, pulled.sha256], [id, 'holdfast', sha256(content)]);
  assert.deepEqual(await readFile(pulled.path), content);
  assert.deepEqual(
    seen.map(({ host, method, url }) => `${method} ${host}${url}`),
    [
      'HEAD hub.test/ann/tiny/resolve/main/tiny.gguf',
      `GET hub.test/ann/tiny/resolve/${commit}/tiny.gguf`,
      'GET storage.test/tiny.gguf',
    ],
  );

  assert.deepEqual(
    await pullModel(id, never, { ...options, fetch: () => assert.fail('it was asked for again') }),
    pulled,
  );
  assert.equal((await verifyModel(id, never, { machine })).comparedWith, 'record');
  await put(pulled.path, ggufFile());
  const { hint } = await failure(verifyModel(id, never, { machine }), 'model-verification');
  assert.match(hint ?? '', /models remove hf:ann\/tiny\/tiny\.gguf/);
});

test('another revision than the one that is here is fetched', async (t) => {
  const [first, second] = [ggufFile(), ggufFile()];
  let now = first;
  const { fetch } = await world(t, {
    'hub.test': (request, response, count) => hub({ 'tiny.gguf': now })(request, response, count),
    'storage.test': (request, response, count) => storageOf({ 'tiny.gguf': now })(request, response, count),
  });
  const { machine, options } = await machineWith(t);
  await pullModel(id, never, { ...options, fetch });
  now = second;
  const again = await pullModel(`${id}@v2`, never, { ...options, fetch });
  assert.equal(again.sha256, sha256(second));
  assert.ok('missing' in (await resolveModel(`${id}@v1`, never, { machine })));
});

test('a split file is fetched with all its parts, and a part that is here is not fetched twice', async (t) => {
  const parts = { 'q/big-00001-of-00002.gguf': ggufFile(), 'q/big-00002-of-00002.gguf': ggufFile() };
  const { seen, fetch } = await world(t, {
    'hub.test': hub(parts),
    'storage.test': (request, response, count) => {
      if (count === 1) response.writeHead(500).end();
      else storageOf(parts)(request, response, count);
    },
  });
  const { models, options } = await machineWith(t);
  const split = 'hf:ann/tiny/q/big-00001-of-00002.gguf';
  await failure(pullModel(split, never, { ...options, fetch }), 'model-download');

  const pulled = await pullModel(split, never, { ...options, fetch });
  assert.equal(
    pulled.bytes,
    Object.values(parts).reduce((sum, part) => sum + part.byteLength, 0),
  );
  assert.deepEqual(
    seen.filter(({ host }) => host === 'storage.test').map(({ url }) => url),
    ['/q/big-00001-of-00002.gguf', '/q/big-00002-of-00002.gguf', '/q/big-00002-of-00002.gguf'],
  );
  assert.deepEqual(await filesOf(path.join(models, 'hf', 'ann', 'tiny', 'q')), [
    'big-00001-of-00002.gguf',
    'big-00001-of-00002.gguf.origin.json',
    'big-00002-of-00002.gguf',
  ]);
  assert.equal((await verifyModel(split, never, { machine: options.machine })).comparedWith, 'record');
  await rm(path.join(models, 'hf', 'ann', 'tiny', 'q', 'big-00002-of-00002.gguf'));
  await failure(resolveModel(split, never, { machine: options.machine }), 'model-format');
});

test('the token goes to the Hub over https and never to the host that it redirects to', async (t) => {
  const content = ggufFile();
  const { seen, fetch } = await world(t, {
    'hub.test': hub({ 'tiny.gguf': content }),
    'storage.test': storageOf({ 'tiny.gguf': content }, (count) => ({ breakAfter: count === 0 ? 50 : undefined })),
  });
  const { options } = await machineWith(t, { HF_TOKEN: ` ${token}\n` });
  await pullModel(id, never, { ...options, fetch });
  assert.deepEqual(
    seen.map(({ host, authorization }) => [host, authorization]),
    [
      ['hub.test', `Bearer ${token}`],
      ['hub.test', `Bearer ${token}`],
      ['storage.test', undefined],
      ['hub.test', `Bearer ${token}`],
      ['storage.test', undefined],
    ],
  );
});

test('a redirect inside the Hub keeps the token, one that leaves encryption is not followed', async (t) => {
  const content = ggufFile();
  const renamed: Handler = (request, response, count) => {
    const url = request.url ?? '';
    if (url.startsWith('/ann/')) response.writeHead(307, { location: url.replace('/ann/', '/bea/') }).end();
    else hub({ 'tiny.gguf': content }, 'http://storage.test')(request, response, count);
  };
  const { seen, fetch } = await world(t, { 'hub.test': renamed, 'storage.test': () => assert.fail('it was asked') });
  const { options } = await machineWith(t, { HF_TOKEN: token });
  const { message } = await failure(pullModel(id, never, { ...options, fetch }), 'model-download');
  assert.match(message, /without encryption: storage\.test/);
  for (const { authorization } of seen) assert.equal(authorization, `Bearer ${token}`);
});

test('a hub without https never sees the token', async (t) => {
  const content = modelContent();
  const seen: (string | undefined)[] = [];
  const server = await serve(t, (request, response) => {
    seen.push(request.headers.authorization);
    sendFile(content, request, response);
  });
  const machine = await fakeMachine(t, { HF_ENDPOINT: server.url, HF_TOKEN: token });
  await downloadModel(catalogModel(content), { machine, signal: never, stallMs: 5000 });
  assert.deepEqual(seen, [undefined]);
});

test('the token is that of the editor, else of the environment, else of the Hugging Face tools', async (t) => {
  const asked = async (env: NodeJS.ProcessEnv, own?: string): Promise<string | undefined> => {
    const { seen, fetch } = await world(t, { 'hub.test': (_, response) => response.writeHead(404).end() });
    const { machine, options } = await machineWith(t, env);
    await put(path.join(machine.userHome, '.cache', 'huggingface', 'token'), 'hf_file\n');
    await put(path.join(machine.userHome, 'elsewhere'), 'hf_elsewhere');
    const named = { ...machine, ...(own === undefined ? {} : { hubToken: () => Promise.resolve(own) }) };
    await failure(pullModel(id, never, { ...options, machine: named, fetch }), 'model-download');
    return seen[0]?.authorization;
  };
  assert.equal(await asked({ HF_TOKEN: 'hf_env' }, 'hf_editor'), 'Bearer hf_editor');
  assert.equal(await asked({ HF_TOKEN: 'hf_env' }, ''), 'Bearer hf_env');
  assert.equal(await asked({}), 'Bearer hf_file');
  assert.equal(await asked({ HF_TOKEN_PATH: '~/elsewhere' }), 'Bearer hf_elsewhere');
});

for (const { name, status, code, env, expected } of [
  { name: 'no token', status: 401, code: 'RepoNotFound', env: {}, expected: /does not exist or needs a token/ },
  { name: 'a wrong token', status: 401, code: '', env: { HF_TOKEN: token }, expected: /token is not accepted/ },
  {
    name: 'a gated model',
    status: 401,
    code: 'GatedRepo',
    env: {},
    expected: /gated: accept its licence at https:\/\/huggingface\.co\/ann\/tiny/,
  },
  {
    name: 'a licence not accepted',
    status: 403,
    code: 'GatedRepo',
    env: { HF_TOKEN: token },
    expected: /no access[^]*accept its licence/,
  },
])
  test(`${name} is explained, with what to do and without the token`, async (t) => {
    const refusing: Handler = (_, response) => response.writeHead(status, { 'x-error-code': code }).end();
    const { fetch } = await world(t, { 'hub.test': refusing });
    const { options } = await machineWith(t, env);
    const notes: string[] = [];
    const progress: PullOptions['progress'] = ({ reason }) => notes.push(reason ?? '');
    for (const pull of [
      pullModel(id, never, { ...options, fetch, progress }),
      downloadModel(catalogModel(modelContent()), { ...options, signal: never, fetch, progress }),
    ]) {
      const error = await failure(pull, 'model-access');
      assert.match(error.message, status === 401 ? /HTTP 401/ : /HTTP 403/);
      assert.match(error.hint ?? '', /HF_TOKEN/);
      assert.ok(!`${error.message}${error.hint ?? ''}${notes.join('')}`.includes(token));
    }
    assert.match(notes.join('\n'), expected);
  });

test('a missing file, a missing revision and a file without a hash are told apart', async (t) => {
  const reasons: string[] = [];
  for (const [status, headers] of [
    [404, { 'x-error-code': 'EntryNotFound' }],
    [404, { 'x-error-code': 'RevisionNotFound' }],
    [200, { etag: '"0123456789"', 'x-repo-commit': commit }],
  ] as const) {
    const { fetch } = await world(t, { 'hub.test': (_, response) => response.writeHead(status, headers).end() });
    const { options } = await machineWith(t);
    const error = await pullModel(`${id}@v9`, never, { ...options, fetch }).catch((reason: unknown) => reason);
    reasons.push((error as Error).message);
  }
  assert.match(reasons[0]!, /ann\/tiny has no tiny\.gguf at v9/);
  assert.match(reasons[1]!, /ann\/tiny has no revision v9/);
  assert.match(reasons[2]!, /does not tell the size and sha256/);
});

test('mirrors are tried in turn, what one has sent is continued by the next, and nothing else is asked', async (t) => {
  const content = modelContent();
  const broken: Handler = (request, response) => {
    sendFile(content, request, response, { breakAfter: 100_000 });
  };
  const { seen, fetch } = await world(t, {
    'one.test': (request, response, count) =>
      count === 0 ? broken(request, response, count) : response.writeHead(503).end(),
    'two.test': (request, response) => sendFile(content, request, response),
  });
  const machine = await fakeMachine(t, { HF_ENDPOINT: 'https://absent.test/, https://one.test https://two.test' });
  const failed: string[] = [];
  const file = await downloadModel(catalogModel(content), {
    machine,
    signal: never,
    stallMs: 5000,
    fetch,
    progress: ({ phase, source }) => {
      if (phase === 'source-failed') failed.push(source);
    },
  });
  assert.deepEqual(await readFile(file), content);
  assert.deepEqual(failed, ['absent.test (owner/name)', 'one.test (owner/name)']);
  assert.deepEqual(
    seen.map(({ host }) => host),
    ['one.test', 'one.test', 'two.test'],
  );
});

test('hubs of the settings take the place of those of the environment, and a wrong address is refused', async (t) => {
  const content = ggufFile();
  const { seen, fetch } = await world(t, {
    'mine.test': hub({ 'tiny.gguf': content }),
    'storage.test': storageOf({ 'tiny.gguf': content }),
  });
  const { machine, options } = await machineWith(t);
  await pullModel(id, never, { ...options, fetch, machine: { ...machine, hubEndpoints: ['https://mine.test/'] } });
  assert.ok(seen.every(({ host }) => host !== 'hub.test'));
  const wrong = { ...machine, hubEndpoints: ['mine.test'] };
  const other = 'hf:ann/tiny/other.gguf';
  const { message } = await failure(pullModel(other, never, { ...options, fetch, machine: wrong }), 'invalid-settings');
  assert.match(message, /"mine\.test"/);
});

test('content that is not what the Hub stated is refused and not kept', async (t) => {
  const content = ggufFile();
  const other = Buffer.from(content);
  other[other.length - 1] = other.at(-1)! ^ 1;
  const { fetch } = await world(t, {
    'hub.test': hub({ 'tiny.gguf': content }),
    'storage.test': storageOf({ 'tiny.gguf': other }),
  });
  const { models, options } = await machineWith(t);
  const { message } = await failure(pullModel(id, never, { ...options, fetch }), 'model-verification');
  assert.match(message, /wrong content/);
  assert.deepEqual(await filesOf(path.join(models, 'hf', 'ann', 'tiny')), []);
});

test('nothing is fetched when all parts together have no room', async (t) => {
  const parts = { 'b-00001-of-00002.gguf': modelContent(200), 'b-00002-of-00002.gguf': modelContent(200) };
  const { seen, fetch } = await world(t, { 'hub.test': hub(parts), 'storage.test': () => assert.fail('it was asked') });
  const { options } = await machineWith(t);
  const spare = 64 * 1024 * 1024;
  const freeBytes = (): Promise<number> => Promise.resolve(spare + 300); // enough for one part
  await failure(pullModel('hf:ann/tiny/b-00001-of-00002.gguf', never, { ...options, fetch, freeBytes }), 'disk-space');
  assert.ok(seen.every(({ method }) => method === 'HEAD'));
});

test('what is no name of the Hub, or names no file, is refused before the network', async (t) => {
  const { options } = await machineWith(t);
  const fetch = (): never => assert.fail('it was asked');
  for (const wrong of [
    'hf:tiny',
    'hf:ann/tiny/../../etc/passwd',
    'hf:ann//x.gguf',
    'hf:ann/ti ny/x.gguf',
    'hf:ann/tiny/x.gguf@..',
  ])
    await failure(pullModel(wrong, never, { ...options, fetch }), 'model-not-found');
  const { hint } = await failure(pullModel('hf:ann/tiny', never, { ...options, fetch }), 'model-not-found');
  assert.match(hint ?? '', /Only GGUF files are pulled/);
});
