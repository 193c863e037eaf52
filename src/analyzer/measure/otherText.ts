import type { LanguageModel, PrefixHandle } from '../../runtime/languageModel.ts';
import type { Measurement } from '../measurement.ts';
import type { TextRange } from '../prompt.ts';

/** The exact prefill of the prompt with other words: what it would be without an instruction, or with a line more. */
export interface OtherTurn {
  readonly prefix: PrefixHandle;
  /** Its system turn's text. */
  readonly text: string;
  /** Offset of the prompt's own text in the text that the model reads, and of each token in it. */
  readonly positionsOf: (range: TextRange) => Int32Array;
}

/** Prefills the system turn with `promptText` in place of the prompt, and releases it after `use`. */
export async function withPromptText<T>(
  model: LanguageModel,
  { turn }: Pick<Measurement, 'turn'>,
  promptText: string,
  signal: AbortSignal,
  use: (other: OtherTurn) => Promise<T>,
): Promise<T> {
  const text = turn.text.slice(0, turn.start) + promptText + turn.text.slice(turn.end);
  const encoded = await model.encodeSystem(text, signal);
  const { content, starts, ends } = encoded;
  const shift = turn.start + content.start - content.promptStart;
  const positionsOf = (range: TextRange): Int32Array =>
    Int32Array.from(starts.keys()).filter(
      (token) => starts[token]! < range.end + shift && ends[token]! > range.start + shift,
    );
  const prefix = await model.prefill(encoded.ids, [], signal);
  try {
    return await use({ prefix, text, positionsOf });
  } finally {
    await model.release(prefix).catch(() => undefined);
  }
}

/** The text without a range; a line of which only a list marker is left goes too. */
export function withoutRange(text: string, { start, end }: TextRange): string {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const lineBreak = text.indexOf('\n', end);
  const lineEnd = lineBreak < 0 ? text.length : lineBreak;
  const rest = text.slice(lineStart, start) + text.slice(end, lineEnd);
  if (/^[\s>]*(?:[-*+•]|\d{1,3}[.)])?\s*$/u.test(rest)) {
    return text.slice(0, lineStart) + text.slice(lineBreak < 0 ? lineEnd : lineEnd + 1);
  }
  return (text.slice(0, start) + text.slice(end)).replace(/(?<=\S) {2,}(?=\S)/gu, ' ');
}
