import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { discover } from '../../../src/analyzer/sources/discover.ts';
import { readPromptFile } from '../../../src/analyzer/sources/readPromptFile.ts';
import { HoldfastError } from '../../../src/errors.ts';

let root = '';
const withLinks = process.platform !== 'win32';

before(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'holdfast-discover-'));
  const files = [
    'AGENTS.md',
    'README.md',
    'notes/rules.md',
    'notes/rules.bin',
    'packages/b/AGENTS.md',
    'packages/a/system.txt',
    '.github/copilot-instructions.md',
    'node_modules/x/AGENTS.md',
    'packages/a/.venv/system.md',
    'empty/README.md',
  ];
  for (const file of files) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), `Text of ${file}`);
  }
  if (withLinks) {
    await symlink(path.join(root, 'AGENTS.md'), path.join(root, 'CLAUDE.md'));
    await symlink(root, path.join(root, 'packages', 'loop'));
    await symlink(path.join(root, 'gone.md'), path.join(root, 'system-gone.md'));
  }
});
after(() => rm(root, { recursive: true, force: true }));

const found = async (...args: string[]): Promise<string[]> =>
  (await discover(args, root)).map(({ uri, source }) => `${uri} ${source}`);

const fails = (code: string) => (error: unknown) => {
  assert.ok(error instanceof HoldfastError);
  assert.equal(error.code, code);
  assert.ok((error.hint ?? '') !== '');
  return true;
};

const conventions = [
  '.github/copilot-instructions.md copilot-instructions',
  'AGENTS.md agents-md',
  'packages/a/system.txt system-file',
  'packages/b/AGENTS.md agents-md',
];

test('without arguments finds the known conventions below the current folder, sorted, once, without dependencies', async () => {
  assert.deepEqual(await found(), conventions);
});

test('a folder argument is searched in the same way', async () => {
  assert.deepEqual(await found('packages'), ['packages/a/system.txt system-file', 'packages/b/AGENTS.md agents-md']);
});

test('a named file is read whatever it is called, in the order of the arguments, and listed once', async () => {
  assert.deepEqual(await found('notes/rules.md', 'AGENTS.md', './notes/rules.md'), [
    'notes/rules.md named-file',
    'AGENTS.md agents-md',
  ]);
});

test('a glob finds every file of a known kind that it matches', async () => {
  assert.deepEqual(await found('notes/*'), ['notes/rules.md named-file']);
  assert.deepEqual(await found('**/*.{md,txt}'), [
    '.github/copilot-instructions.md copilot-instructions',
    'AGENTS.md agents-md',
    'README.md named-file',
    'empty/README.md named-file',
    'notes/rules.md named-file',
    'packages/a/system.txt system-file',
    'packages/b/AGENTS.md agents-md',
  ]);
});

test('says what is wrong with an argument that leads to no prompt', async () => {
  await assert.rejects(found('missing.md'), fails('file-unreadable'));
  await assert.rejects(found('notes/rules.bin'), fails('file-unreadable'));
  await assert.rejects(found('empty'), fails('no-prompts'));
  await assert.rejects(found('nowhere/**/*.md'), fails('no-prompts'));
});

test('a file outside the current folder is named by its absolute path', async () => {
  const [file] = await discover([path.join(root, 'AGENTS.md')], path.join(root, 'notes'));
  assert.equal(file?.uri, path.join(root, 'AGENTS.md').replaceAll('\\', '/'));
});

test('reads UTF-8 with its byte order mark', async () => {
  const file = path.join(root, 'bom.md');
  await writeFile(file, Buffer.from([0xef, 0xbb, 0xbf, 0x68, 0xc3, 0xa9]));
  assert.equal(await readPromptFile(file), '\uFEFFhé');
});

for (const [name, bytes, message] of [
  ['binary', Buffer.from([0x50, 0x4b, 0, 1]), /binary/],
  ['UTF-16', Buffer.from('\uFEFFhello', 'utf16le'), /UTF-16/],
  ['Latin-1', Buffer.from([0x67, 0x72, 0xfc, 0x6e]), /not UTF-8/],
  ['too large', Buffer.alloc(1024 * 1024 + 1, 0x61), /larger than 1 MiB/],
] as const) {
  test(`refuses a file that is ${name}, with a next step`, async () => {
    const file = path.join(root, 'unreadable.md');
    await writeFile(file, bytes);
    await assert.rejects(
      readPromptFile(file),
      (error) => fails('file-unreadable')(error) && message.test(String(error)),
    );
  });
}

test('refuses a missing file and a folder', async () => {
  await assert.rejects(readPromptFile(path.join(root, 'none.md')), fails('file-unreadable'));
  await assert.rejects(readPromptFile(root), fails('file-unreadable'));
});

test('reads a file of exactly 1 MiB', async () => {
  const file = path.join(root, 'large.md');
  await writeFile(file, Buffer.alloc(1024 * 1024, 0x61));
  assert.equal((await readPromptFile(file)).length, 1024 * 1024);
});
