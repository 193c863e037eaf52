import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HoldfastError } from '../../../src/errors.ts';
import type { UnknownCharacters } from '../../../src/runtime/tokenizer/characters.ts';
import { createScoredPieces } from '../../../src/runtime/tokenizer/scoredPieces.ts';
import type { Vocabulary } from '../../../src/runtime/tokenizer/vocabulary.ts';

function vocabulary(pieces: readonly string[], special: readonly number[] = []): Vocabulary {
  return { pieces, ids: new Map(pieces.map((piece, id) => [piece, id])), isSpecial: (id) => special.includes(id) };
}
const unknown: UnknownCharacters = { byteFallback: false, unknownId: undefined, fuseUnknown: false };

/** As it is defined: again and again the neighbours that make the piece of the highest score, the leftmost among equals. */
function mergeByDefinition(scores: ReadonlyMap<string, number>, text: string): string[] {
  let symbols = Array.from(text);
  for (;;) {
    const pairs = symbols.slice(0, -1).map((symbol, i) => scores.get(symbol + symbols[i + 1]!) ?? -Infinity);
    const best = Math.max(-Infinity, ...pairs);
    if (best === -Infinity) return symbols;
    const at = pairs.indexOf(best);
    symbols = [...symbols.slice(0, at), symbols[at]! + symbols[at + 1]!, ...symbols.slice(at + 2)];
  }
}

test('merging gives what the definition gives, with equal scores too', () => {
  const piece = fc.string({ unit: fc.constantFrom('a', 'b', '😀'), minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.dictionary(piece, fc.integer({ min: -5, max: 0 }), { maxKeys: 12 }),
      fc.string({ unit: fc.constantFrom('a', 'b', '😀'), maxLength: 30 }),
      (entries, text) => {
        const scores = new Map([['a', -9], ['b', -9], ['😀', -9], ...Object.entries(entries)]); // prettier-ignore
        const words = createScoredPieces({
          vocabulary: vocabulary([...scores.keys()]),
          scores: [...scores.values()],
          ...unknown,
        });
        const { ids, starts, ends } = words.encode(text);
        assert.deepEqual(
          ids.map((id) => [...scores.keys()][id]),
          mergeByDefinition(scores, text),
        );
        assert.equal(ids.map((_, i) => text.slice(starts[i], ends[i])).join(''), text);
      },
    ),
    { numRuns: 500 },
  );
});

test('a character without piece becomes its bytes, else unknown, else nothing', () => {
  const bytes = ['<0xC3>', '<0xA9>'];
  const known = vocabulary(['a', '<unk>', ...bytes], [1]);
  const encode = (options: Partial<UnknownCharacters>, text: string) =>
    createScoredPieces({ vocabulary: known, scores: [0, 0, 0, 0], ...unknown, ...options }).encode(text);
  assert.deepEqual(encode({ byteFallback: true }, 'aé'), {
    ids: [0, 2, 3],
    starts: [0, 1, 1],
    ends: [1, 2, 2],
  });
  assert.deepEqual(encode({ byteFallback: true, unknownId: 1 }, 'èa').ids, [1, 0]);
  assert.deepEqual(encode({ unknownId: 1 }, 'éea').ids, [1, 1, 0]);
  assert.deepEqual(encode({ unknownId: 1, fuseUnknown: true }, '😀ea'), {
    ids: [1, 0],
    starts: [0, 3],
    ends: [3, 4],
  });
  assert.deepEqual(encode({}, 'éa'), { ids: [0], starts: [1], ends: [2] });
});

test('text that spells a control token or a byte stays text', () => {
  const pieces = ['<', 's', '>', '<s', '<s>', '0', 'x', 'A', '<0', '<0x', '<0xA', '<0xAA', '<0xAA>'];
  const words = createScoredPieces({
    vocabulary: vocabulary(pieces, [4]),
    scores: pieces.map((_, id) => id),
    ...unknown,
  });
  assert.deepEqual(
    words.encode('<s><0xAA>').ids.map((id) => pieces[id]),
    ['<s', '>', '<0xAA', '>'],
  );
});

test('a text of 200,000 characters merges in well under two seconds', () => {
  const pieces = ['a', 'aa', 'aaaa', 'b'];
  const words = createScoredPieces({ vocabulary: vocabulary(pieces), scores: [0, -1, -2, 0], ...unknown });
  const start = performance.now();
  assert.equal(words.encode('a'.repeat(200_000)).ids.length, 50_000);
  assert.ok(performance.now() - start < 5000, 'quadratic time would take minutes');
});

test('scores that are missing or not numbers are refused as a damaged model', () => {
  for (const scores of [[0], [0, NaN]]) {
    assert.throws(
      () => createScoredPieces({ vocabulary: vocabulary(['a', 'b']), scores, ...unknown }),
      (error) => error instanceof HoldfastError && error.code === 'model-format' && error.message.includes('1 scores'),
    );
  }
});
