import type { EncodedTurn } from '../runtime/languageModel.ts';
import type { TextRange } from './prompt.ts';

/** Owner of a token outside the prompt's text: role headers, separators of the chat template. */
export const templateOwner = -1;
/** Owner of a token of the prompt that no span holds: list markers, blank lines before the first span. */
export const unassignedOwner = -2;

export interface TokenAssignment {
  /** Owner of each token: an index into the spans, `templateOwner` or `unassignedOwner`. */
  readonly owners: Int32Array; // [S]
  /** Half-open token range of each span; null when it has no token (trimmed by the template). */
  readonly ranges: readonly (TextRange | null)[];
}

/**
 * Which tokens of a rendered system turn belong to which span of the prompt. Spans are ascending and disjoint, in offsets
 * of the prompt's text. A token belongs to the span that holds its first character that is not white space; a token of
 * white space only belongs to whatever the token before it belongs to. Spans, template and unassigned partition [0, S).
 */
export function assignTokens(encoded: EncodedTurn, spans: readonly { readonly range: TextRange }[]): TokenAssignment {
  const { text, starts, ends, content } = encoded;
  const shift = content.start - content.promptStart;
  const tokenCount = encoded.ids.length;
  const owners = new Int32Array(tokenCount);

  let candidate = 0;
  let previous = templateOwner;
  for (let token = 0; token < tokenCount; token++) {
    const anchor = anchorOf(text, starts[token]!, ends[token]!);
    if (anchor === undefined) {
      const leavesContent = starts[token]! >= content.end;
      const entersContent = previous === templateOwner && starts[token]! >= content.start && !leavesContent;
      owners[token] = leavesContent ? templateOwner : entersContent ? unassignedOwner : previous;
    } else if (anchor < content.start || anchor >= content.end) {
      owners[token] = templateOwner;
    } else {
      const offset = anchor - shift;
      // Tokens of one character share its offsets, so anchors never fall.
      while (candidate < spans.length && spans[candidate]!.range.end <= offset) candidate++;
      const holds = candidate < spans.length && spans[candidate]!.range.start <= offset;
      owners[token] = holds ? candidate : unassignedOwner;
    }
    previous = owners[token]!;
  }
  return { owners, ranges: rangesOf(owners, spans.length) };
}

/** Offset of the token's first character that is not white space; undefined when it has none. */
function anchorOf(text: string, start: number, end: number): number | undefined {
  // Byte-level tokens inside one character may have an empty range: its character decides.
  const stop = Math.max(end, start + 1);
  for (let offset = start; offset < stop && offset < text.length; offset++) {
    if (!/\s/.test(text[offset]!)) return offset;
  }
  return undefined;
}

function rangesOf(owners: Int32Array, spanCount: number): (TextRange | null)[] {
  const ranges = new Array<TextRange | null>(spanCount).fill(null);
  let last = -1;
  for (let token = 0; token < owners.length;) {
    const owner = owners[token]!;
    let end = token + 1;
    while (end < owners.length && owners[end] === owner) end++;
    if (owner >= 0) {
      if (owner <= last)
        throw new Error(`Tokens of span ${owner} are not contiguous: spans or offsets are out of order.`);
      ranges[owner] = { start: token, end };
      last = owner;
    }
    token = end;
  }
  return ranges;
}
