import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assignTokens, templateOwner, unassignedOwner } from '../../src/analyzer/tokenSpans.ts';
import type { EncodedTurn } from '../../src/runtime/languageModel.ts';

const template = templateOwner;
const free = unassignedOwner;

/** A turn from the texts of its tokens; the prompt stands between `head` and `tail` tokens. */
function turn(head: string[], content: string[], tail: string[], promptStart = 0): EncodedTurn {
  const tokens = [...head, ...content, ...tail];
  const ends: number[] = [];
  let length = 0;
  for (const token of tokens) ends.push((length += token.length));
  const start = head.join('').length;
  return {
    text: tokens.join(''),
    ids: Int32Array.from(tokens.keys()),
    starts: Int32Array.from([0, ...ends.slice(0, -1)].slice(0, tokens.length)),
    ends: Int32Array.from(ends),
    content: { start, end: start + content.join('').length, promptStart },
    placement: 'system-role',
  };
}

const span = (start: number, end: number) => ({ range: { start, end } });

test('spans, list markers and template tokens each have their own tokens', () => {
  // prompt: "Be kind.\n- No lies."
  const encoded = turn(['<|system|>', '\n'], ['Be', ' kind', '.', '\n', '-', ' No', ' lies', '.'], ['<|end|>', '\n']);
  const { owners, ranges } = assignTokens(encoded, [span(0, 8), span(11, 19)]);
  assert.deepEqual([...owners], [template, template, 0, 0, 0, 0, free, 1, 1, 1, template, template]);
  assert.deepEqual(ranges, [
    { start: 2, end: 6 },
    { start: 7, end: 10 },
  ]);
});

test('a token across two spans belongs to the span that holds its first character that is not white space', () => {
  // prompt: "One.Two. Three."
  const encoded = turn([], ['One', '.Two', '.', ' Three.'], []);
  const { owners } = assignTokens(encoded, [span(0, 4), span(4, 8), span(9, 15)]);
  assert.deepEqual([...owners], [0, 0, 1, 2]);
});

test('a token of white space belongs to what precedes it, and to no span before the first', () => {
  const encoded = turn(['<s>'], ['\n\n', 'A.', '\n\n', ' ', '#', ' ', 'B.'], ['</s>']);
  const { owners } = assignTokens(encoded, [span(2, 4), span(9, 11)]);
  assert.deepEqual([...owners], [template, free, 0, 0, 0, free, free, 1, template]);
});

test('a prompt whose start the template trims keeps its spans in place, and a trimmed span has no tokens', () => {
  // prompt: "  A. B." rendered without its first two characters, and cut after "A."
  const encoded = turn(['<s>'], ['A', '.'], ['</s>'], 2);
  const { ranges } = assignTokens(encoded, [span(2, 4), span(5, 7)]);
  assert.deepEqual(ranges, [{ start: 1, end: 3 }, null]);
});

test('byte tokens that share a character or have an empty range stay with its span', () => {
  const encoded: EncodedTurn = {
    text: 'a😀b',
    ids: Int32Array.of(0, 1, 2, 3, 4),
    starts: Int32Array.of(0, 1, 1, 1, 3),
    ends: Int32Array.of(1, 3, 3, 1, 4),
    content: { start: 0, end: 4, promptStart: 0 },
    placement: 'system-role',
  };
  assert.deepEqual([...assignTokens(encoded, [span(0, 1), span(1, 3), span(3, 4)]).owners], [0, 1, 1, 1, 2]);
});

test('spans, template and unassigned tokens partition the turn', () => {
  const token = fc.constantFrom('a', 'Bc', ' d', ' ', '\n', '.', '- ', ' e.');
  fc.assert(
    fc.property(fc.array(token, { maxLength: 30 }), fc.array(fc.nat(60), { maxLength: 12 }), (content, cuts) => {
      const length = content.join('').length;
      const edges = [...new Set(cuts.map((cut) => Math.min(cut, length)))].sort((a, b) => a - b);
      const spans = edges.flatMap((edge, index) => (index % 2 === 1 ? [span(edges[index - 1]!, edge)] : []));
      const { owners, ranges } = assignTokens(turn(['<s>'], content, ['</s>']), spans);
      const counted = ranges.reduce((sum, range) => sum + (range === null ? 0 : range.end - range.start), 0);
      const others = owners.filter((owner) => owner < 0).length;
      assert.equal(counted + others, content.length + 2);
      assert.equal(owners[0], template);
      assert.equal(owners.at(-1), template);
      ranges.forEach((range, index) => {
        for (let position = range?.start ?? 0; position < (range?.end ?? 0); position++)
          assert.equal(owners[position], index);
      });
    }),
  );
});
