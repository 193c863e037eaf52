import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createChatTemplate,
  findStopIds,
  stopIdsFromFolder,
  stopIdsFromGguf,
} from '../../../src/runtime/chatTemplate/index.ts';
import { createByteLevelBpe } from '../../../src/runtime/tokenizer/byteLevelBpe.ts';
import { chatml, refusesTemplate } from '../../support/chatTemplates.ts';
import { withFolder } from '../../support/folders.ts';
import { smallVocabulary } from '../../support/vocabulary.ts';

/** Without any token that is known to end answers. */
const source = smallVocabulary();
const tokens = source.tokens.map((token) => token.replace('<|im_end|>', '<|close|>'));
const nameless = createByteLevelBpe({ ...source, tokens });
const closing = createChatTemplate({
  source: `{% for message in messages %}{{ message.content }}<|close|>{% endfor %}`,
});
const bare = createChatTemplate({ source: '{% for message in messages %}{{ message.content }}{% endfor %}' });

test('an answer ends with the control token that the template writes after it', () => {
  assert.deepEqual([...findStopIds(closing, nameless, [])], [nameless.idOf('<|close|>')]);
});

test('ids that the files name end it too, and so do control tokens that are known to', () => {
  assert.deepEqual([...findStopIds(closing, nameless, [7, 9])], [nameless.idOf('<|close|>'), 7, 9]);
  const known = createByteLevelBpe(source);
  assert.deepEqual([...findStopIds(bare, known, [7])].sort(), [known.idOf('<|im_end|>'), 7].sort());
  assert.deepEqual([...findStopIds(chatml(), known, [])], [known.idOf('<|im_end|>')]);
});

test('a model without any is refused, also where its template has no such conversation', () => {
  const systemOnly = createChatTemplate({ source: '{{ messages[0].content }}' });
  for (const template of [bare, systemOnly]) {
    assert.throws(() => findStopIds(template, nameless, []), refusesTemplate(/which token ends an answer/));
  }
});

test('a GGUF file names the ends of sequence, turn and message', () => {
  const named = new Map([
    ['tokenizer.ggml.eos_token_id', 1],
    ['tokenizer.ggml.eot_token_id', 2],
    ['tokenizer.ggml.eom_token_id', 3],
  ]);
  assert.deepEqual(stopIdsFromGguf(named), [1, 2, 3]);
  assert.deepEqual(stopIdsFromGguf(new Map()), []);
});

test('a folder names them in three files, one or several', () =>
  withFolder(
    {
      'generation_config.json': { eos_token_id: [1, 2] },
      'config.json': { eos_token_id: 3, text_config: { eos_token_id: 4 } },
      'tokenizer_config.json': { eos_token: { content: '<|im_start|>' } },
    },
    (folder) => {
      assert.deepEqual(stopIdsFromFolder(folder, nameless), [1, 2, 3, 4, nameless.idOf('<|im_start|>')]);
    },
  ));

test('a folder without such files names none', () =>
  withFolder({}, (folder) => {
    assert.deepEqual(stopIdsFromFolder(folder, nameless), []);
  }));
