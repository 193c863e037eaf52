import assert from 'node:assert/strict';
import type { Segmentation } from '../../../src/analyzer/prompt.ts';
import { isInstructionKind } from '../../../src/analyzer/segmentation/index.ts';

/** What holds of the segmentation of any text. */
export function assertSound(
  text: string,
  { blocks, spans, instructions, ignored, markerProblems }: Segmentation,
): void {
  let end = 0;
  for (const span of spans) {
    assert.ok(span.range.start >= end && span.range.end > span.range.start, 'spans are ascending, disjoint, not empty');
    const slice = text.slice(span.range.start, span.range.end);
    assert.equal(slice, slice.trim());
    const block = blocks[span.block];
    assert.ok(block !== undefined && block.range.start <= span.range.start && block.range.end >= span.range.end);
    end = span.range.end;
  }
  assert.ok(end <= text.length);
  const asked = spans.filter(({ kind }) => isInstructionKind(kind));
  const all = [...instructions, ...ignored].toSorted((a, b) => a.range.start - b.range.start);
  assert.deepEqual(
    all.map(({ range }) => range),
    asked.map(({ range }) => range),
  );
  for (const { range, text: own } of all) assert.equal(text.slice(range.start, range.end), own);
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
  blocks.forEach((block, index) => {
    assert.ok(index === 0 || blocks[index - 1]!.range.start <= block.range.start);
    assert.ok(block.range.start === 0 || /[\n\r]/.test(text[block.range.start - 1]!), 'a block starts a line');
    assert.ok(block.range.end === text.length || /[\n\r]/.test(text[block.range.end]!), 'a block ends a line');
    assert.ok(block.leadIn === undefined || block.leadIn < index);
  });
  for (const { range } of markerProblems) assert.ok(range.start <= range.end && range.end <= text.length);
}
