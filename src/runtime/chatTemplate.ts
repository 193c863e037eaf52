import { Template } from '@huggingface/jinja';
import { HoldfastError } from '../errors.ts';
import type { EncodedTurn } from './languageModel.ts';
import type { Tokenizer } from './tokenizer/tokenizer.ts';
import { metadataNumber, metadataString, metadataStrings, type GgufMetadata } from './weights/ggufMetadata.ts';

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface ChatTemplateSource {
  /** Jinja source, as in `tokenizer.chat_template`. */
  readonly source: string;
  /** What the template calls `bos_token` and `eos_token`; empty when the model has none. */
  readonly bosToken?: string;
  readonly eosToken?: string;
}

export interface RenderOptions {
  /** Ends the text with the header of the assistant's answer. */
  readonly addGenerationPrompt: boolean;
}

export interface ChatTemplate {
  /** @throws HoldfastError `chat-template` when the template refuses the messages. */
  render(messages: readonly ChatMessage[], options: RenderOptions): string;
}

/**
 * The day that templates see as today. Some write it into the system turn; a fixed day keeps an audit of the same prompt
 * identical from one day to the next.
 */
const today = new Date(Date.UTC(2026, 0, 1));

const otherModel = 'Use an instruction-tuned model whose chat template has a system role, such as the default model.';

/** @throws HoldfastError `chat-template` when `source` cannot be parsed. */
export function createChatTemplate({ source, bosToken = '', eosToken = '' }: ChatTemplateSource): ChatTemplate {
  // The engine's own strftime_now cannot be replaced from outside, only from the template. The line end after a tag is trimmed.
  const text = source.includes('strftime_now') ? `{% set strftime_now = fixed_strftime_now %}\n${source}` : source;
  let template: Template;
  try {
    template = new Template(text);
  } catch (error) {
    throw failed(`The model's chat template cannot be read: ${reasonOf(error)}`, error);
  }
  return {
    render(messages, { addGenerationPrompt }) {
      try {
        return template.render({
          messages: messages.map(({ role, content }) => ({ role, content })),
          add_generation_prompt: addGenerationPrompt,
          bos_token: bosToken,
          eos_token: eosToken,
          fixed_strftime_now: (format: string) => strftime(today, format),
        });
      } catch (error) {
        const roles = messages.map(({ role }) => role).join(', ');
        throw failed(`The model's chat template refuses a conversation of ${roles}: ${reasonOf(error)}`, error);
      }
    },
  };
}

/** @throws HoldfastError `chat-template` when the file has no template or one that cannot be parsed. */
export function chatTemplateFromGguf(metadata: GgufMetadata['metadata']): ChatTemplate {
  const gguf: GgufMetadata = { path: 'The model file', metadata };
  const source = metadataString(gguf, 'tokenizer.chat_template');
  if (source === undefined) {
    throw failed('The model has no chat template, so it is not known how it marks a system prompt.');
  }
  const tokens = metadataStrings(gguf, 'tokenizer.ggml.tokens') ?? [];
  const pieceAt = (key: string) => tokens[metadataNumber(gguf, key) ?? -1] ?? '';
  return createChatTemplate({
    source,
    bosToken: pieceAt('tokenizer.ggml.bos_token_id'),
    eosToken: pieceAt('tokenizer.ggml.eos_token_id'),
  });
}

/**
 * Renders and encodes a system turn, without a generation prompt. The prompt's text is encoded as plain text: what looks like a
 * control token in it stays text.
 * @throws HoldfastError `chat-template` when the template has no place for a system message or changes its text.
 */
export function encodeSystemTurn(template: ChatTemplate, tokenizer: Tokenizer, systemText: string): EncodedTurn {
  const { text, contents } = renderLocated(template, [{ role: 'system', content: systemText }], {
    addGenerationPrompt: false,
  });
  const content = contents[0]!;
  return { text, ...tokenizer.encode(text, { plainRanges: [[content.start, content.end]] }), content };
}

/**
 * Tokens that follow the system turn: the user turn and the header of the answer.
 * @throws HoldfastError `chat-template` when the template refuses the conversation, or when the system turn's tokens are not
 *   literally the first tokens of the conversation, so that its cache could not be continued.
 */
export function encodeUserSuffix(
  template: ChatTemplate,
  tokenizer: Tokenizer,
  systemText: string,
  userText: string,
): Int32Array {
  const system = encodeSystemTurn(template, tokenizer, systemText).ids;
  const { text, contents } = renderLocated(
    template,
    [
      { role: 'system', content: systemText },
      { role: 'user', content: userText },
    ],
    { addGenerationPrompt: true },
  );
  const full = tokenizer.encode(text, { plainRanges: contents.map(({ start, end }) => [start, end] as const) }).ids;
  const different = system.findIndex((id, i) => full[i] !== id);
  if (different >= 0) {
    throw failed(
      `The system turn alone is not the beginning of the conversation (token ${different} of ${system.length} differs), ` +
        `so the model's chat template does not allow a compressed system turn to be continued.`,
    );
  }
  return full.slice(system.length);
}

/**
 * Id of the token that ends an answer: the first control token that the template writes after an assistant message, else
 * `eosId` (`tokenizer.ggml.eos_token_id`).
 * @throws HoldfastError `chat-template` when neither is there.
 */
export function findEndOfTurn(template: ChatTemplate, tokenizer: Tokenizer, eosId: number | undefined): number {
  const id = controlTokenAfterAnswer(template, tokenizer) ?? eosId;
  if (id === undefined) throw failed('Neither the chat template nor the model file says which token ends an answer.');
  return id;
}

function controlTokenAfterAnswer(template: ChatTemplate, tokenizer: Tokenizer): number | undefined {
  const messages: ChatMessage[] = [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'Good morning' },
  ];
  let rendered: LocatedRender;
  try {
    rendered = renderLocated(template, messages, { addGenerationPrompt: false });
  } catch (error) {
    if (error instanceof HoldfastError) return undefined; // a template may do without such a conversation
    throw error;
  }
  const { ids } = tokenizer.encode(rendered.text.slice(rendered.contents[1]!.end));
  return ids.find((id) => tokenizer.isSpecial(id));
}

interface LocatedRender {
  readonly text: string;
  /** Where each message's content stands in `text`, and from where in the message it was taken (templates may trim). */
  readonly contents: EncodedTurn['content'][];
}

/**
 * Renders the messages twice: with marks as contents, which tells what the template writes around them, and as they are. So a
 * content is found even if it is empty, or equal to something that the template itself writes.
 */
function renderLocated(
  template: ChatTemplate,
  messages: readonly ChatMessage[],
  options: RenderOptions,
): LocatedRender {
  const marks = messages.map((_, i) => `\u{F0000}message ${i}\u{F0001}`); // private use: no template writes them
  const marked = template.render(
    messages.map(({ role }, i) => ({ role, content: marks[i]! })),
    options,
  );
  const around: string[] = [];
  let rest = marked;
  marks.forEach((mark, i) => {
    const parts = rest.split(mark);
    if (parts.length !== 2) {
      throw failed(
        `The model's chat template writes the ${messages[i]!.role} message ${parts.length - 1} times, not once` +
          (messages.length === 1 ? ' when it stands alone.' : '.'),
      );
    }
    around.push(parts[0]!);
    rest = parts[1]!;
  });
  around.push(rest);

  const text = template.render(messages, options);
  const contents: EncodedTurn['content'][] = [];
  let at = around[0]!.length;
  let found = text.startsWith(around[0]!);
  messages.forEach(({ content }, i) => {
    const after = around[i + 1]!;
    const isLast = i === messages.length - 1;
    const written = [content, content.trimEnd(), content.trimStart(), content.trim()].find(
      (form) => text.startsWith(form + after, at) && (!isLast || at + form.length + after.length === text.length),
    );
    if (written === undefined) {
      found = false;
      return;
    }
    contents.push({ start: at, end: at + written.length, promptStart: content.indexOf(written) });
    at += written.length + after.length;
  });
  if (!found) {
    throw failed(
      "The model's chat template changes the text of a message, or what it writes around it depends on that text, " +
        'so tokens cannot be mapped back to the prompt.',
    );
  }
  return { text, contents };
}

/** The conversions that chat templates use, in English and UTC whatever the machine's settings. */
function strftime(date: Date, format: string): string {
  const months = 'January February March April May June July August September October November December'.split(' ');
  const weekdays = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
  const two = (value: number) => String(value).padStart(2, '0');
  const month = months[date.getUTCMonth()]!;
  const weekday = weekdays[date.getUTCDay()]!;
  const conversions: Readonly<Record<string, string>> = {
    Y: String(date.getUTCFullYear()),
    m: two(date.getUTCMonth() + 1),
    d: two(date.getUTCDate()),
    B: month,
    b: month.slice(0, 3),
    A: weekday,
    a: weekday.slice(0, 3),
    H: two(date.getUTCHours()),
    M: two(date.getUTCMinutes()),
    S: two(date.getUTCSeconds()),
    '%': '%',
  };
  return format.replace(/%(.)/g, (whole, letter: string) => conversions[letter] ?? whole);
}

function failed(message: string, cause?: unknown): HoldfastError {
  return new HoldfastError('chat-template', message, otherModel, cause === undefined ? undefined : { cause });
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
