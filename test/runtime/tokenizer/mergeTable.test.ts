import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MergeTable } from '../../../src/runtime/tokenizer/mergeTable.ts';

const letters = ['a', 'b', 'c'];

/** Byte-pair encoding as it is defined: again and again the leftmost pair of the lowest rank. */
function mergeByDefinition(merges: readonly string[], word: string[]): string[] {
  for (;;) {
    const ranks = word.slice(0, -1).map((piece, i) => merges.indexOf(`${piece} ${word[i + 1]!}`));
    const found = ranks.filter((rank) => rank >= 0);
    if (found.length === 0) return word;
    const at = ranks.indexOf(Math.min(...found));
    word = [...word.slice(0, at), word[at]! + word[at + 1]!, ...word.slice(at + 2)];
  }
}

/** Random merges, each over pieces that exist by then. */
const mergeLists = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 12 }).map((picks) => {
  const pieces = [...letters];
  const merges: string[] = [];
  for (const [left, right] of picks) {
    const pair = [pieces[left % pieces.length]!, pieces[right % pieces.length]!];
    if (merges.includes(pair.join(' '))) continue;
    merges.push(pair.join(' '));
    if (!pieces.includes(pair.join(''))) pieces.push(pair.join(''));
  }
  return { pieces, merges };
});

test('merging gives what the definition of byte-pair encoding gives', () => {
  fc.assert(
    fc.property(mergeLists, fc.array(fc.constantFrom(...letters), { maxLength: 40 }), ({ pieces, merges }, word) => {
      const table = new MergeTable(merges, new Map(pieces.map((piece, id) => [piece, id])), () => false);
      const merged = table.merge(Int32Array.from(word, (letter) => letters.indexOf(letter)));
      const expected = mergeByDefinition(merges, word);
      assert.deepEqual(
        merged.ids.map((id) => pieces[id]),
        expected,
      );
      let end = 0;
      assert.deepEqual(
        merged.ends,
        expected.map((piece) => (end += piece.length)),
      );
    }),
    { numRuns: 500 },
  );
});

test('a symbol without token stays and does not merge', () => {
  const table = new MergeTable(['a b'], new Map([['a', 0], ['b', 1], ['ab', 2]]), () => false); // prettier-ignore
  assert.deepEqual(table.merge(Int32Array.of(0, -1, 1, 0, 1)).ids, [0, -1, 1, 2]);
});

test('a word of 100,000 letters merges in well under a second', () => {
  const table = new MergeTable(['a a', 'aa aa'], new Map([['a', 0], ['aa', 1], ['aaaa', 2]]), () => false); // prettier-ignore
  const start = performance.now();
  assert.equal(table.merge(new Int32Array(100_000)).ids.length, 25_000);
  assert.ok(performance.now() - start < 2000, 'quadratic time would take minutes');
});
