import { HoldfastError } from '../../errors.ts';
import type { ChatMessage, ChatTemplate, RenderOptions } from './chatTemplate.ts';

/** Where a text stands in a rendered conversation, and from where in the text it was taken (templates may trim). */
export interface Place {
  readonly start: number;
  readonly end: number;
  readonly promptStart: number;
}

/** A rendered conversation in which every text was found, or why that is not possible. */
export type Located =
  | { readonly kind: 'found'; readonly text: string; readonly places: readonly Place[] }
  /** `refused`: the template raises an error; `absent`: it leaves a text out; `changed`: texts cannot be told from its own. */
  | { readonly kind: 'refused' | 'absent' | 'changed'; readonly reason: string };

/**
 * Renders a conversation over `texts` and finds them in it. It is rendered twice: with marks as texts, which tells what the
 * template writes around them, and as it is. So a text is found even if it is empty, or equal to something that the template
 * itself writes.
 * @param conversation the messages, made of the texts or of the marks that stand for them, in the order of `texts`.
 */
export function locate(
  template: ChatTemplate,
  texts: readonly string[],
  conversation: (texts: readonly string[]) => readonly ChatMessage[],
  options: RenderOptions,
): Located {
  const marks = texts.map((_, i) => `\u{F0000}message ${i}\u{F0001}`); // private use: no template writes them
  let marked: string;
  let text: string;
  try {
    marked = template.render(conversation(marks), options);
    text = template.render(conversation(texts), options);
  } catch (error) {
    if (error instanceof HoldfastError) return { kind: 'refused', reason: error.message };
    throw error;
  }
  const around: string[] = [];
  let rest = marked;
  for (const [i, mark] of marks.entries()) {
    const parts = rest.split(mark);
    if (parts.length !== 2) {
      const times = parts.length - 1;
      const reason = `The model's chat template writes text ${i + 1} of the conversation ${times} times, not once.`;
      return { kind: times === 0 ? 'absent' : 'changed', reason };
    }
    around.push(parts[0]!);
    rest = parts[1]!;
  }
  around.push(rest);
  const places = findPlaces(text, texts, around);
  if (places !== undefined) return { kind: 'found', text, places };
  return {
    kind: 'changed',
    reason:
      "The model's chat template changes the text of a message, or what it writes around it depends on that text, " +
      'so tokens cannot be mapped back to the prompt.',
  };
}

/** Where the texts stand between what is written around them; undefined when they do not. */
function findPlaces(text: string, texts: readonly string[], around: readonly string[]): Place[] | undefined {
  if (!text.startsWith(around[0]!)) return undefined;
  const places: Place[] = [];
  let at = around[0]!.length;
  for (const [i, content] of texts.entries()) {
    const after = around[i + 1]!;
    const isLast = i === texts.length - 1;
    const written = [content, content.trimEnd(), content.trimStart(), content.trim()].find(
      (form) => text.startsWith(form + after, at) && (!isLast || at + form.length + after.length === text.length),
    );
    if (written === undefined) return undefined;
    places.push({ start: at, end: at + written.length, promptStart: content.indexOf(written) });
    at += written.length + after.length;
  }
  return places;
}
