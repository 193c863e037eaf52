import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileOffsets } from '../../../src/analyzer/fileRanges.ts';
import { segmentPrompt } from '../../../src/analyzer/segmentPrompt.ts';
import { findPrompts } from '../../../src/analyzer/sources/findPrompts.ts';
import { sourceFor } from '../../../src/analyzer/sources/index.ts';
import { defaultExtraction } from '../../../src/analyzer/sources/promptSource.ts';
import { needsPublicData, publicData } from '../../support/publicData.ts';
import { assertMapped } from './support.ts';

const folder = publicData('prompts');
const { skip } = needsPublicData('prompts');

const kinds: readonly (readonly [RegExp, string])[] = [
  [/\.instructions\.md$/, 'instructions-md'],
  [/\.agent\.md$/, 'agent-md'],
  [/SKILL\.md$/, 'skill-md'],
  [/\.mdc$/, 'cursor-rule'],
];

const files = skip
  ? []
  : readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      kinds.some(([ending]) => ending.test(name)),
    );

test('every public prompt file is recognised as what it is', { skip }, () => {
  assert.ok(files.length >= 50);
  for (const file of files) assert.equal(sourceFor(file)?.id, kinds.find(([ending]) => ending.test(file))![1], file);
});

test(
  'every instruction of them, cut out of its file, is its text, and 1,000 take less than 3 s',
  { skip },
  async (t) => {
    const signal = new AbortController().signal;
    const notes: string[] = [];
    const find = () =>
      findPrompts([folder], folder, signal, {
        contextOf: () => ({ options: defaultExtraction }),
        note: (line) => notes.push(line),
      });
    await find(); // programs and files are loaded once
    const { user, system } = process.cpuUsage();
    const inputs = await find();
    const spent = process.cpuUsage();
    const ms = (spent.user + spent.system - user - system) / 1000;
    assert.deepEqual(notes, []);
    assert.equal(inputs.length, files.length);
    let instructions = 0;
    for (const { prompt, fileText } of inputs) {
      assertMapped(fileText, prompt);
      for (const { range, text } of segmentPrompt(prompt).instructions) {
        const { start, end } = fileOffsets(prompt, range);
        assert.equal(fileText.slice(start, end).replace(/\r\n?/g, '\n'), text);
        instructions++;
      }
    }
    const perThousand = (ms / inputs.length) * 1000;
    t.diagnostic(
      `${inputs.length} files, ${(instructions / inputs.length).toFixed(1)} instructions per file, ` +
        `${perThousand.toFixed(0)} ms of processor time to find 1,000 files`,
    );
    assert.ok(perThousand < 3000);
  },
);
