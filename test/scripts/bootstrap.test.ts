import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import {
  buildIsCurrent,
  ensureBuild,
  ensureNode,
  ensurePackages,
  packagesAreCurrent,
  SetupError,
  type Run,
} from '../../scripts/bootstrap.mjs';

const enoughSpace = () => 10e9;

async function checkout(t: TestContext): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'holdfast-bootstrap-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  await put(path.join(directory, 'package-lock.json'), '{"a":1}', 100);
  await put(path.join(directory, 'src', 'deep', 'a.ts'), 'a', 100);
  return directory;
}

/** Writes a file as of so many seconds after the epoch. */
async function put(file: string, content: string, seconds: number): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
  await utimes(file, seconds, seconds);
}

/** Stands in for a program: records its command line and environment, does `effect`, and ends as told. */
function program(exitCode: number, output = '', effect: () => Promise<void> = async () => Promise.resolve()) {
  const calls: { line: string; env: Record<string, string> }[] = [];
  const run: Run = async (command, args, { env = {} }) => {
    calls.push({ line: [command, ...args].join(' '), env });
    await effect();
    return { exitCode, output, stdout: '' };
  };
  return { calls, run };
}

const refusal = (message: RegExp, hint: RegExp) => (error: unknown) => {
  assert.ok(error instanceof SetupError);
  assert.match(error.message, message);
  assert.match(String(error.hint), hint);
  return true;
};

test('an old Node is refused by version, not by text order', () => {
  ensureNode('20', '20.0.0');
  ensureNode('20.19', '20.19.1');
  ensureNode('20.19', '100.2.0');
  assert.throws(
    () => ensureNode('20', '18.20.4'),
    refusal(/Node 20 or newer is needed, this is 18\.20\.4/u, /nodejs/u),
  );
  assert.throws(() => ensureNode('20.19', '20.9.0'), SetupError);
});

test('installs once, without install scripts that download, and again when the lock file changes', async (t) => {
  const directory = await checkout(t);
  const npm = program(0, '', async () => {
    await mkdir(path.join(directory, 'node_modules'), { recursive: true });
  });
  const options = { directory, run: npm.run, freeBytes: enoughSpace };

  await ensurePackages(options);
  await ensurePackages(options);
  assert.equal(npm.calls.length, 1);
  assert.match(npm.calls[0]!.line, / ci( |$)/u);
  assert.equal(npm.calls[0]!.env.ONNXRUNTIME_NODE_INSTALL, 'skip');
  assert.equal(npm.calls[0]!.env.ONNXRUNTIME_NODE_INSTALL_CUDA, 'skip');

  await put(path.join(directory, 'package-lock.json'), '{"a":2}', 100); // the same time, other content
  await ensurePackages(options);
  assert.equal(npm.calls.length, 2);
});

test("takes an installation by the user's own npm that is newer than the lock file, and no older one", async (t) => {
  const directory = await checkout(t);
  const record = path.join(directory, 'node_modules', '.package-lock.json');
  await put(record, '{}', 99);
  assert.equal(packagesAreCurrent(directory), false);
  await put(record, '{}', 100);
  assert.equal(packagesAreCurrent(directory), true);
});

test('an installation for another platform is replaced', async (t) => {
  const directory = await checkout(t);
  await put(path.join(directory, 'node_modules', '.package-lock.json'), '{}', 200);
  assert.equal(packagesAreCurrent(directory), true);
  const stamp = path.join(directory, 'node_modules', '.holdfast-lock');
  await writeFile(stamp, (await readFile(stamp, 'utf8')).replace(process.platform, 'plan9'));
  assert.equal(packagesAreCurrent(directory), false);
});

test('a failed installation is not remembered', async (t) => {
  const directory = await checkout(t);
  await mkdir(path.join(directory, 'node_modules'));
  const npm = program(1, 'npm error something');
  await assert.rejects(ensurePackages({ directory, run: npm.run, freeBytes: enoughSpace }), SetupError);
  assert.equal(packagesAreCurrent(directory), false);
});

for (const [name, output, message, hint] of [
  [
    'no network',
    'npm error code ENOTFOUND\nnpm error network request failed',
    /cannot be reached \(ENOTFOUND\)/u,
    /proxy/u,
  ],
  ['a full disk', 'npm error code ENOSPC', /filled the disk/u, /Free disk space/u],
  ['no permission', 'npm error code EACCES', /cannot be written/u, /permissions/u],
  ['no npm', 'npm: not found', /npm is not installed/u, /nodejs/u],
  ['anything else', 'npm error lock file out of sync', /npm ci did not succeed/u, /out of sync/u],
] as const)
  test(`says what to do about ${name}`, async (t) => {
    const directory = await checkout(t);
    const npm = program(1, output);
    await assert.rejects(ensurePackages({ directory, run: npm.run, freeBytes: enoughSpace }), refusal(message, hint));
  });

test('refuses to install onto a disk without room', async (t) => {
  const directory = await checkout(t);
  const npm = program(0);
  await assert.rejects(
    ensurePackages({ directory, run: npm.run, freeBytes: () => 10e6 }),
    refusal(/needs 700 MB of disk space, 10 MB are free/u, /Free disk space/u),
  );
  assert.equal(npm.calls.length, 0);
});

test('builds when dist/ is missing, incomplete or older than any source, and only then', async (t) => {
  const directory = await checkout(t);
  const dist = (name: string) => path.join(directory, 'dist', name);
  assert.equal(buildIsCurrent(directory), false);
  await put(dist('engine.cjs'), '', 200);
  assert.equal(buildIsCurrent(directory), false);
  await put(dist('cli.cjs'), '', 200);
  assert.equal(buildIsCurrent(directory), true);
  await put(path.join(directory, 'src', 'deep', 'a.ts'), 'b', 201);
  assert.equal(buildIsCurrent(directory), false);
  await put(dist('cli.cjs'), '', 300); // one new output among old ones
  assert.equal(buildIsCurrent(directory), false);

  const build = program(0, '', async () => {
    await put(dist('engine.cjs'), '', 300);
  });
  await ensureBuild({ directory, run: build.run });
  await ensureBuild({ directory, run: build.run });
  assert.deepEqual(
    build.calls.map(({ line }) => line),
    [`${process.execPath} esbuild.mjs`],
  );
});

test("a failed build shows the compiler's message", async (t) => {
  const directory = await checkout(t);
  const build = program(1, 'src/a.ts:1: expected ";"\n');
  await assert.rejects(ensureBuild({ directory, run: build.run }), refusal(/build/u, /expected ";"/u));
});

test('the npm scripts are there', async () => {
  const { scripts } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    scripts: Record<string, string>;
  };
  assert.equal(scripts.demo, 'node scripts/demo.mjs');
  assert.equal(scripts.test, 'node scripts/test.mjs');
  for (const phase of ['unit', 'parity', 'model'])
    assert.equal(scripts[`test:${phase}`], `node scripts/test.mjs --only ${phase}`);
});
