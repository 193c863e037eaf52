import type { MappedText } from '../prompt.ts';
import { MappedTextBuilder, slice } from './mappedText.ts';

/**
 * The map of a text that was found in a text that was found in a file. What the inner notation escapes cannot be written
 * back through both, so its pieces stand outside of any literal.
 */
export function composed(outer: MappedText, inner: MappedText): MappedText {
  const builder = new MappedTextBuilder();
  for (const { text, file, verbatim, hole } of inner.segments) {
    if (verbatim) {
      builder.append(outer, file);
      continue;
    }
    const { segments } = slice(outer, file.start, Math.max(file.end, file.start + 1));
    const [first, last] = [segments[0]!, segments.at(-1)!];
    const range = { start: first.file.start, end: last.file.end };
    builder.decoded(inner.text.slice(text.start, text.end), range, { encoding: first.encoding, hole });
  }
  return builder.build();
}
