import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createSentencePiece } from '../../src/runtime/tokenizer/sentencePiece.ts';
import { readSentencePieceModel } from '../../src/runtime/tokenizer/sentencePieceModel.ts';
import type { Encoding, Tokenizer } from '../../src/runtime/tokenizer/tokenizer.ts';
import { tokenizerFromGguf } from '../../src/runtime/tokenizer/tokenizerFromGguf.ts';
import { readTokenizerJson } from '../../src/runtime/tokenizer/tokenizerJson/readTokenizerJson.ts';
import type { GgufValue } from '../../src/runtime/weights/ggufMetadata.ts';
import { committedFixture, readJson } from '../support/fixtures.ts';

// Tiny tokenizers in the shapes of real ones; test/fixtures/tokenizer/generate.py wrote them with their references.
const texts = readJson<string[]>(committedFixture('tokenizer', 'pipeline-texts.json'));

interface Case {
  readonly ids: readonly number[];
  /** Start and end of each token, UTF-16. */
  readonly offsets: readonly number[];
  /** Where it differs from the text. */
  readonly decoded?: string;
  /** Ids with special tokens read as text, where they differ. */
  readonly plain?: readonly number[];
}

const file = (name: string) => committedFixture('tokenizer', `pipeline-${name}.json`);
const flat = ({ starts, ends }: Encoding) => Array.from(starts).flatMap((start, i) => [start, ends[i]!]);

/** Our offsets leave no gap: what a reference leaves uncovered belongs to the token before it, else to the one after. */
function covering(offsets: readonly number[], length: number): number[] {
  const closed = [...offsets];
  for (let i = 0; i < closed.length; i += 2) {
    if (i === 0) closed[i] = 0;
    const next = offsets[i + 2] ?? length;
    if (next > closed[i + 1]!) closed[i + 1] = next;
  }
  return closed;
}

function assertCase(tokenizer: Tokenizer, text: string, { ids, offsets, decoded = text, plain = ids }: Case): void {
  const encoding = tokenizer.encode(text);
  assert.deepEqual(Array.from(encoding.ids), ids, JSON.stringify(text));
  if (text.normalize('NFC') === text)
    assert.deepEqual(flat(encoding), covering(offsets, text.length), JSON.stringify(text));
  else assertContains(flat(encoding), offsets, text);
  assert.equal(tokenizer.decode(ids), decoded);
  assert.deepEqual(
    Array.from(tokenizer.encode(text, { plainRanges: [[0, text.length]] }).ids),
    plain,
    JSON.stringify(text),
  );
}

/** Where composition changed the text, the reference points at the first character only; ours is the whole stretch. */
function assertContains(outer: readonly number[], inner: readonly number[], text: string): void {
  assert.equal(outer.length, inner.length);
  for (let i = 0; i < inner.length; i += 2) {
    assert.ok(outer[i]! <= inner[i]! && outer[i + 1]! >= inner[i + 1]!, `token ${i / 2} of ${JSON.stringify(text)}`);
  }
}

const kinds = 'llama3 qwen2 gpt2 smollm tekken gpt4o cl100k deepseek llama2 mistral gemma flags'.split(' ');
for (const kind of kinds) {
  test(`a tokenizer.json in the shape of ${kind} gives the ids, offsets and texts of the tokenizers library`, () => {
    const { tokenizer: json, cases } = readJson<{ tokenizer: unknown; cases: Case[] }>(file(kind));
    const tokenizer = readTokenizerJson(json);
    assert.equal(cases.length, texts.length);
    cases.forEach((each, i) => assertCase(tokenizer, texts[i]!, each));
  });
}

test('the token that a post-processor puts in front is the BOS', () => {
  const bosOf = (kind: string) => readTokenizerJson(readJson<{ tokenizer: unknown }>(file(kind)).tokenizer).bos;
  assert.equal(bosOf('llama3'), '<|end|>');
  assert.equal(bosOf('qwen2'), undefined);
});

for (const kind of ['sentencepiece-llama', 'sentencepiece-gemma']) {
  test(`GGUF metadata in the shape of ${kind} give the ids, offsets and texts of SentencePiece`, () => {
    const { metadata, cases } = readJson<{ metadata: Record<string, GgufValue>; cases: (Case | null)[] }>(file(kind));
    const tokenizer = tokenizerFromGguf(new Map(Object.entries(metadata)));
    cases.forEach((each, i) => {
      if (each === null) return; // not defined alike by SentencePiece and GGUF
      const { ids, offsets, decoded } = each;
      const text = texts[i]!;
      const encoding = tokenizer.encode(text, { plainRanges: [[0, text.length]] });
      assert.deepEqual(Array.from(encoding.ids), ids, JSON.stringify(text));
      assert.deepEqual(flat(encoding), offsets, JSON.stringify(text));
      assert.equal(tokenizer.decode(ids), decoded ?? text);
    });
  });
}

test('a SentencePiece model reads as its GGUF metadata do', () => {
  const { cases } = readJson<{ cases: Case[] }>(file('sentencepiece-llama'));
  const model = readFileSync(committedFixture('tokenizer', 'sentencepiece-llama.model'));
  const tokenizer = createSentencePiece(readSentencePieceModel(model));
  cases.forEach(({ ids }, i) => {
    const text = texts[i]!;
    assert.deepEqual(Array.from(tokenizer.encode(text, { plainRanges: [[0, text.length]] }).ids), ids);
  });
});

interface JsonDescription {
  readonly added_tokens: readonly { readonly id: number; readonly content: string; readonly special: boolean }[];
  readonly model: { readonly vocab: Record<string, number>; readonly merges: readonly (readonly string[])[] };
}

const names = {
  llama3: 'llama-bpe',
  qwen2: 'qwen2',
  smollm: 'smollm',
  tekken: 'tekken',
  gpt4o: 'gpt-4o',
  deepseek: 'deepseek-v3',
};
for (const [kind, pre] of Object.entries(names)) {
  test(`a GGUF file with the same vocabulary and the word rules "${pre}" gives the same ids and offsets`, () => {
    const { tokenizer: json, cases } = readJson<{ tokenizer: JsonDescription; cases: Case[] }>(file(kind));
    const tokens: string[] = [];
    const types: number[] = [];
    const place = (piece: string, id: number, type: number) => {
      tokens[id] = piece;
      types[id] = type;
    };
    for (const [piece, id] of Object.entries(json.model.vocab)) place(piece, id, 1);
    for (const { content, id, special } of json.added_tokens) place(content, id, special ? 3 : 4);
    const metadata = new Map<string, GgufValue>([
      ['tokenizer.ggml.model', 'gpt2'],
      ['tokenizer.ggml.pre', pre],
      ['tokenizer.ggml.tokens', tokens],
      ['tokenizer.ggml.token_type', types],
      ['tokenizer.ggml.merges', json.model.merges.map((merge) => merge.join(' '))],
    ]);
    const tokenizer = tokenizerFromGguf(metadata);
    cases.forEach((each, i) => {
      // A GGUF file has no normaliser: llama.cpp encodes text as it is.
      if (texts[i]!.normalize('NFC') === texts[i]) assertCase(tokenizer, texts[i], each);
    });
  });
}
