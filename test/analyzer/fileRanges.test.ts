import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fileOffsets, LineIndex, toFileRange } from '../../src/analyzer/fileRanges.ts';
import type { Prompt } from '../../src/analyzer/prompt.ts';
import { mapText } from '../../src/analyzer/sources/mappedText.ts';

const lineText = fc
  .array(fc.constantFrom('a', 'é', '😀', ' ', '\n', '\r', '\r\n'), { maxLength: 40 })
  .map((p) => p.join(''));

test('counts lines at \\n, \\r\\n and \\r', () => {
  const lines = new LineIndex('a\nbc\r\nd\re');
  assert.equal(lines.lineCount, 4);
  assert.deepEqual(
    [0, 1, 2, 3, 6, 7, 8, 9].map((offset) => lines.positionAt(offset)),
    [
      { line: 0, character: 0 },
      { line: 0, character: 1 },
      { line: 1, character: 0 },
      { line: 1, character: 1 },
      { line: 2, character: 0 },
      { line: 2, character: 1 },
      { line: 3, character: 0 },
      { line: 3, character: 1 },
    ],
  );
});

test('counts UTF-16 units, so a character outside the basic plane takes two', () => {
  assert.deepEqual(new LineIndex('😀x').positionAt(2), { line: 0, character: 2 });
});

test('clamps offsets and positions outside the text', () => {
  const lines = new LineIndex('ab\ncd');
  assert.deepEqual(lines.positionAt(99), { line: 1, character: 2 });
  assert.deepEqual(lines.positionAt(-1), { line: 0, character: 0 });
  assert.equal(lines.offsetAt({ line: 0, character: 99 }), 2);
  assert.equal(lines.offsetAt({ line: 9, character: 0 }), 5);
});

test('positions lead back to their offsets', () => {
  fc.assert(
    fc.property(lineText, (text) => {
      const lines = new LineIndex(text);
      for (let offset = 0; offset <= text.length; offset++)
        assert.equal(lines.offsetAt(lines.positionAt(offset)), offset);
    }),
  );
});

test('maps a range across a CRLF to the whole file range, and a range that is one line end to both its characters', () => {
  const file = 'one\r\ntwo';
  const prompt: Prompt = { uri: 'x', source: 'y', ...mapText(file, { start: 0, end: file.length }) };
  assert.equal(prompt.text, 'one\ntwo');
  assert.deepEqual(fileOffsets(prompt, { start: 0, end: 7 }), { start: 0, end: 8 });
  assert.deepEqual(fileOffsets(prompt, { start: 3, end: 4 }), { start: 3, end: 5 });
  assert.deepEqual(fileOffsets(prompt, { start: 4, end: 7 }), { start: 5, end: 8 });
  assert.deepEqual(toFileRange(prompt, { start: 4, end: 7 }, new LineIndex(file)), {
    start: { line: 1, character: 0 },
    end: { line: 1, character: 3 },
    offsets: [5, 8],
  });
});

test('maps an empty range to a point, also at the end of the text', () => {
  const file = 'one\r\n';
  const prompt: Prompt = { uri: 'x', source: 'y', ...mapText(file, { start: 0, end: file.length }) };
  assert.deepEqual(fileOffsets(prompt, { start: 2, end: 2 }), { start: 2, end: 2 });
  assert.deepEqual(fileOffsets(prompt, { start: 4, end: 4 }), { start: 5, end: 5 });
});
