import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fileOffsets, LineIndex, toFileRange } from '../../../src/analyzer/fileRanges.ts';
import { segment } from '../../../src/analyzer/segmentation/index.ts';
import { extract } from '../../../src/analyzer/sources/index.ts';

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/** Third-party instruction files that are not part of the repository, and our own examples, which are. */
const publicPrompts = path.resolve(repository, '../shared/data/prompts');
const examples = path.join(repository, 'examples');

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(md|mdc|txt)$/.test(name))
    .sort()
    .map((name) => path.join(folder, name));

async function checkFile(file: string, fileText: string): Promise<number> {
  const lines = new LineIndex(fileText);
  const { prompts, reason } = await extract(file, fileText);
  assert.equal(reason, null);
  let instructions = 0;
  for (const prompt of prompts) {
    for (const instruction of segment(prompt.text).instructions) {
      const { start, end } = fileOffsets(prompt, instruction.range);
      assert.equal(fileText.slice(start, end).replace(/\r\n?/g, '\n'), instruction.text);
      const range = toFileRange(prompt, instruction.range, lines);
      assert.deepEqual([lines.offsetAt(range.start), lines.offsetAt(range.end)], [start, end]);
      instructions++;
    }
  }
  return instructions;
}

/** The same file as other editors save it. */
const variants = (text: string): string[] => {
  const lf = text.replace(/\r\n?/g, '\n');
  return [text, `\uFEFF${lf.replace(/\n/g, '\r\n')}`];
};

test('every instruction of the examples, cut from its file, is its text', async () => {
  for (const file of filesIn(examples)) {
    for (const text of variants(readFileSync(file, 'utf8'))) assert.ok((await checkFile(file, text)) >= 6, file);
  }
});

// Licences of the files are not ours to pass on, so there is no committed subset and CI may lack them too.
const skip = existsSync(publicPrompts) ? false : `no instruction files in ${publicPrompts}`;

test('every instruction of public instruction files, cut from its file, is its text', { skip }, async () => {
  const files = filesIn(publicPrompts);
  assert.ok(files.length > 0);
  let instructions = 0;
  for (const file of files) {
    for (const text of variants(readFileSync(file, 'utf8'))) instructions += await checkFile(file, text);
  }
  assert.ok(instructions > 10 * files.length, `only ${instructions} instructions in ${files.length} files`);
});
