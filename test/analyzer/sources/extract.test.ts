import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fileOffsets } from '../../../src/analyzer/fileRanges.ts';
import { extract } from '../../../src/analyzer/sources/index.ts';

const normalise = (text: string): string => text.replace(/\r\n?/g, '\n');

const promptsOf = async (...file: Parameters<typeof extract>) => (await extract(...file)).prompts;

test('a Markdown file is one prompt, without the blank lines around it', async () => {
  const [prompt] = await promptsOf('a.md', '\n\n  You are Ada.\n\nBe brief.\n', 'named-file');
  assert.equal(prompt?.text, '  You are Ada.\n\nBe brief.');
  assert.deepEqual(prompt.segments, [{ text: { start: 0, end: 25 }, file: { start: 2, end: 27 }, verbatim: true }]);
});

test('a byte order mark is left out and shifts the map by one unit', async () => {
  const [prompt] = await promptsOf('a.md', '\uFEFFBe brief.', 'system-file');
  assert.equal(prompt?.text, 'Be brief.');
  assert.deepEqual(fileOffsets(prompt, { start: 0, end: 2 }), { start: 1, end: 3 });
});

for (const [name, file] of [
  ['YAML', '---\ndescription: rules\nglobs: **/*\n---\nBe brief.'],
  ['TOML', '+++\ntitle = "x"\n+++\nBe brief.'],
  ['CRLF', '---\r\ndescription: rules\r\n---\r\n\r\nBe brief.'],
  ['empty', '---\n---\nBe brief.'],
  ['commented', '\uFEFF---\n# note\nname: x\n---\nBe brief.'],
] as const) {
  test(`${name} front matter is not prompt text`, async () => {
    const [prompt] = await promptsOf('a.md', file, 'named-file');
    assert.equal(prompt?.text, 'Be brief.');
    assert.equal(fileOffsets(prompt, { start: 0, end: 9 }).end, file.length);
  });
}

for (const file of [
  '---\nYou are Ada. Be brief.\n---\nNever lie.',
  '---\nname: x\nno end',
  'Be brief.\n---\nname: x\n---\n',
]) {
  test(`a rule is not front matter: ${JSON.stringify(file)}`, async () => {
    assert.equal((await promptsOf('a.md', file, 'named-file'))[0]?.text, file.trimEnd());
  });
}

test('a file without prompt text says why it holds no prompt', async () => {
  assert.deepEqual(await extract('a.md', '', 'named-file'), { prompts: [], reason: 'it is empty' });
  assert.deepEqual(await extract('a.md', '\uFEFF \r\n\t\n', 'named-file'), { prompts: [], reason: 'it is empty' });
  assert.deepEqual(await extract('a.md', '---\na: b\n---\n \n', 'named-file'), {
    prompts: [],
    reason: 'it holds front matter only',
  });
});

test('carries the source that was asked for, and reads an unknown one as a named file', async () => {
  assert.equal((await promptsOf('AGENTS.md', 'Hi', 'agents-md'))[0]?.source, 'agents-md');
  assert.equal((await promptsOf('x.md', 'Hi', 'nonsense'))[0]?.source, 'named-file');
  assert.equal((await promptsOf('x.md', 'Hi'))[0]?.source, 'named-file');
});

test('segments are ascending, disjoint, cover the text and lead back to it', async () => {
  const pieces = fc.constantFrom('a', 'ß', '😀', ' ', '\n', '\r', '\r\n', '\uFEFF', '---', 'k: v', '# ');
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 30 }), async (parts) => {
      const file = parts.join('');
      for (const prompt of await promptsOf('x', file, 'named-file')) {
        let text = 0;
        let end = 0;
        for (const segment of prompt.segments) {
          assert.equal(segment.text.start, text);
          assert.ok(segment.text.end > segment.text.start && segment.file.start >= end);
          const raw = file.slice(segment.file.start, segment.file.end);
          const own = prompt.text.slice(segment.text.start, segment.text.end);
          assert.equal(segment.verbatim ? raw : normalise(raw), own);
          text = segment.text.end;
          end = segment.file.end;
        }
        assert.equal(text, prompt.text.length);
        assert.ok(!prompt.text.includes('\r'));
      }
    }),
  );
});
