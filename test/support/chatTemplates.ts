import { HoldfastError } from '../../src/errors.ts';
import { createChatTemplate, type ChatTemplate } from '../../src/runtime/chatTemplate/index.ts';

/** Matches a `chat-template` failure that tells what to do. */
export const refusesTemplate =
  (...mentions: RegExp[]) =>
  (error: unknown): boolean =>
    error instanceof HoldfastError &&
    error.code === 'chat-template' &&
    error.hint !== undefined &&
    mentions.every((mention) => mention.test(error.message));

/** A template with a turn for every message; `content` is the Jinja expression of a message's text. */
export const chatml = (content = `message['content']`): ChatTemplate =>
  createChatTemplate({
    source:
      `{% for message in messages %}<|im_start|>{{ message['role'] + '\\n' + ${content} }}<|im_end|>{{ '\\n' }}{% endfor %}` +
      `{% if add_generation_prompt %}<|im_start|>assistant{{ '\\n' }}{% endif %}`,
  });

const turns = (messages: string, text: string) =>
  `{% for message in ${messages} %}<|im_start|>{{ message.role + '\\n' + ${text} }}<|im_end|>{{ '\\n' }}{% endfor %}` +
  `{% if add_generation_prompt %}<|im_start|>model{{ '\\n' }}{% endif %}`;

/** Without a system role, in the ways that models have: by an error, in silence, or in front of the first user message. */
export const withoutSystemRole = {
  raising: createChatTemplate({
    source:
      `{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}` +
      turns('messages', 'message.content | trim'),
  }),
  silent: createChatTemplate({
    source: turns(`messages | rejectattr('role', 'equalto', 'system') | list`, 'message.content'),
  }),
  prefixing: createChatTemplate({
    source:
      `{% if messages[0].role == 'system' %}{% set first = messages[0].content + '\\n\\n' %}{% set rest = messages[1:] %}` +
      `{% else %}{% set first = '' %}{% set rest = messages %}{% endif %}` +
      turns('rest', `(first if loop.first else '') + message.content | trim`),
  }),
} as const;
