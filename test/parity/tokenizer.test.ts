import assert from 'node:assert/strict';
import path from 'node:path';
import { after, test } from 'node:test';
import {
  chatTemplateFromGguf,
  encodeSystemTurn,
  encodeUserSuffix,
  findStopIds,
  type ChatMessage,
} from '../../src/runtime/chatTemplate/index.ts';
import type { Encoding } from '../../src/runtime/tokenizer/tokenizer.ts';
import { tokenizerFromGguf } from '../../src/runtime/tokenizer/tokenizerFromGguf.ts';
import { openGguf } from '../../src/runtime/weights/gguf.ts';
import { discover, needsFixtures, readJson } from '../support/fixtures.ts';
import { defaultModelPath, needsModel } from '../support/model.ts';

interface TokenizerFixture {
  readonly strings: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    readonly pieces: readonly string[];
    readonly offsets_u16: readonly (readonly [number, number])[];
    readonly decoded: string;
    readonly decoded_skip_special: string;
  }[];
  readonly special_as_plain_text: readonly { readonly text: string; readonly ids: readonly number[] }[];
  readonly chats: readonly {
    readonly messages: readonly ChatMessage[];
    readonly add_generation_prompt: boolean;
    readonly rendered: string;
    readonly ids: readonly number[];
  }[];
}

interface BaseFixture {
  readonly system: string;
  readonly user: string;
  readonly templated: string;
  readonly S: number;
  readonly system_ids: readonly number[];
  readonly full_ids: readonly number[];
  readonly suffix_ids: readonly number[];
  readonly tokens: readonly { readonly id: number; readonly u16: readonly [number, number] }[];
}

const model = defaultModelPath();
const gguf = model === undefined ? undefined : openGguf(model);
after(() => gguf?.close());

function loaded() {
  assert.ok(gguf !== undefined, 'the default model is needed: set HOLDFAST_MODEL');
  return { tokenizer: tokenizerFromGguf(gguf.metadata), template: chatTemplateFromGguf(gguf.metadata) };
}

const offsets = ({ starts, ends }: Encoding) => Array.from(starts, (start, i) => [start, ends[i]]);
const needs = (folder: string) => ({ skip: needsFixtures(folder).skip || needsModel().skip });

test(
  'token ids, offsets and decoded texts equal the reference, look-alikes as plain text too',
  needs('tokenizer'),
  () => {
    const { tokenizer } = loaded();
    const files = discover('tokenizer', /^tokenizer.*\.json$/);
    assert.ok(files.length > 0, 'no tokenizer fixture found');
    for (const file of files) {
      const fixture = readJson<TokenizerFixture>(file);
      for (const { text, ids, pieces, offsets_u16, decoded, decoded_skip_special } of fixture.strings) {
        const encoding = tokenizer.encode(text);
        assert.deepEqual(Array.from(encoding.ids), ids, JSON.stringify(text));
        assert.deepEqual(offsets(encoding), offsets_u16, JSON.stringify(text));
        assert.deepEqual(
          pieces.map((piece) => tokenizer.idOf(piece)),
          ids,
        );
        assert.equal(tokenizer.decode(ids), decoded);
        assert.equal(tokenizer.decode(ids, { skipSpecial: true }), decoded_skip_special);
      }
      for (const { text, ids } of fixture.special_as_plain_text) {
        assert.deepEqual(Array.from(tokenizer.encode(text, { plainRanges: [[0, text.length]] }).ids), ids, text);
      }
    }
  },
);

test('rendered conversations and their token ids equal the reference', needs('tokenizer'), () => {
  const { tokenizer, template } = loaded();
  for (const file of discover('tokenizer', /^tokenizer.*\.json$/)) {
    for (const { messages, add_generation_prompt, rendered, ids } of readJson<TokenizerFixture>(file).chats) {
      const text = template.render(messages, { addGenerationPrompt: add_generation_prompt });
      assert.equal(text, rendered);
      assert.deepEqual(Array.from(tokenizer.encode(text).ids), ids, JSON.stringify(messages));
    }
  }
});

test('the default model ends a turn with <|im_end|> or <|endoftext|>', needsModel(), () => {
  const { tokenizer, template } = loaded();
  assert.deepEqual([...findStopIds(template, tokenizer, [])], [2, 0]);
});

const bases = discover('smollm2', /\.base\.json$/);
test('there are reference conversations', needs('smollm2'), () => assert.ok(bases.length > 0));
for (const file of bases) {
  test(`system turn and suffix of ${path.basename(file)} equal the reference`, needs('smollm2'), () => {
    const { tokenizer, template } = loaded();
    const base = readJson<BaseFixture>(file);
    const turn = encodeSystemTurn(template, tokenizer, base.system);
    const suffix = encodeUserSuffix(template, tokenizer, base.system, base.user);
    assert.equal(turn.ids.length, base.S);
    assert.deepEqual(Array.from(turn.ids), base.system_ids);
    assert.deepEqual(Array.from(suffix), base.suffix_ids);
    assert.deepEqual([...turn.ids, ...suffix], base.full_ids);
    assert.ok(base.templated.startsWith(turn.text));
    assert.equal(turn.text.slice(turn.content.start, turn.content.end), base.system);
    assert.deepEqual(
      offsets(turn),
      base.tokens.slice(0, base.S).map(({ u16 }) => u16),
    );
    const full = tokenizer.encode(base.templated);
    assert.deepEqual(Array.from(full.ids), base.full_ids);
    assert.deepEqual(
      offsets(full),
      base.tokens.map(({ u16 }) => u16),
    );
  });
}
