import { Template } from '@huggingface/jinja';
import { reasonOf, templateFailure } from './failure.ts';
import { strftime } from './strftime.ts';

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

/**
 * Models that can think before they answer (Qwen 3, SmolLM 3) answer at once: an audit looks at the first tokens of an answer,
 * which would be thoughts, whatever was asked.
 */
const enablesThinking = false;

/** @throws HoldfastError `chat-template` when `source` cannot be parsed. */
export function createChatTemplate({ source, bosToken = '', eosToken = '' }: ChatTemplateSource): ChatTemplate {
  // The engine's own strftime_now cannot be replaced from outside, only from the template. The line end after a tag is trimmed.
  const text = source.includes('strftime_now') ? `{% set strftime_now = fixed_strftime_now %}\n${source}` : source;
  let template: Template;
  try {
    template = new Template(text);
  } catch (error) {
    throw templateFailure(`The model's chat template cannot be read: ${reasonOf(error)}`, error);
  }
  return {
    render(messages, { addGenerationPrompt }) {
      const values = {
        messages: messages.map(({ role, content }) => ({ role, content })),
        add_generation_prompt: addGenerationPrompt,
        bos_token: bosToken,
        eos_token: eosToken,
        enable_thinking: enablesThinking,
        fixed_strftime_now: (format: string) => strftime(today, format),
      };
      try {
        return template.render({ ...values, tools: null, documents: null }); // none, as transformers says it
      } catch (error) {
        try {
          return template.render(values); // some templates only ask whether tools are defined
        } catch {
          const roles = messages.map(({ role }) => role).join(', ');
          throw templateFailure(
            `The model's chat template refuses a conversation of ${roles}: ${reasonOf(error)}`,
            error,
          );
        }
      }
    },
  };
}
