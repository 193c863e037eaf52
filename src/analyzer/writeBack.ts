import { encodeText } from './encodeText.ts';
import { fileOffsets } from './fileRanges.ts';
import type { Encoding, MappedText, PromptSegment, TextRange } from './prompt.ts';
import { lastAtMost } from './ascending.ts';

/** An edit of a file that gives its prompt another text, or why there is none. */
export type WriteBack =
  { readonly edit: { readonly range: TextRange; readonly newText: string } } | { readonly refused: string };

/** Reads the same prompt out of a changed file; undefined when it is not there any more. */
export type Reread = (fileText: string) => Promise<MappedText | undefined>;

/**
 * Writes another order of a prompt's lines into its file. A line that stays as it is keeps its own source, with its escapes
 * and template variables; others are escaped anew. The result counts only when the file, read again, gives exactly
 * `newText`: a format that cannot hold it refuses. Without `reread` only plain text is written.
 */
export async function writeBack(
  prompt: MappedText,
  fileText: string,
  newText: string,
  reread?: Reread,
): Promise<WriteBack> {
  if (newText === prompt.text) return { refused: 'the text is the same' };
  const isPlain = prompt.segments.every(({ encoding, hole }) => encoding === undefined && hole === undefined);
  if (reread === undefined && !isPlain) return { refused: 'the file cannot be read again' };
  const change = changedLines(prompt, newText);
  const lines = sourceLines(prompt, fileText);
  const edits = [true, false].flatMap((keepsEnds) => composeEdit(prompt, fileText, lines, change, keepsEnds) ?? []);
  if (edits.length === 0) return { refused: 'a line begins or ends outside of the text that the file itself holds' };
  for (const edit of edits) {
    const { range, newText: raw } = edit;
    const changed = fileText.slice(0, range.start) + raw + fileText.slice(range.end);
    if (reread === undefined || (await reread(changed))?.text === newText) return { edit };
  }
  return { refused: 'its notation cannot hold the lines in this order' };
}

interface Change {
  /** Old lines `first` to `oldEnd` (excluded) become `lines`. */
  readonly first: number;
  readonly oldEnd: number;
  readonly lines: readonly string[];
}

function changedLines(prompt: MappedText, newText: string): Change {
  const before = prompt.text.split('\n');
  const after = newText.split('\n');
  let first = 0;
  while (first < Math.min(before.length, after.length) && before[first] === after[first]) first++;
  let [oldEnd, newEnd] = [before.length, after.length];
  while (oldEnd > first && newEnd > first && before[oldEnd - 1] === after[newEnd - 1]) {
    oldEnd--;
    newEnd--;
  }
  // Lines that are only added or only taken away need one of their neighbours to hang on.
  if (oldEnd === first || newEnd === first) {
    if (first > 0) first--;
    else {
      oldEnd = Math.min(oldEnd + 1, before.length);
      newEnd = Math.min(newEnd + 1, after.length);
    }
  }
  return { first, oldEnd, lines: after.slice(first, newEnd) };
}

interface SourceLine {
  readonly text: string;
  readonly file: TextRange;
  readonly encoding: Encoding | undefined;
  /** False when the line begins or ends in the middle of a piece that maps as a whole, or outside of a literal. */
  readonly isMovable: boolean;
}

function sourceLines(prompt: MappedText, fileText: string): SourceLine[] {
  const { segments } = prompt;
  const at = (offset: number): PromptSegment | undefined =>
    segments[lastAtMost(segments.length, (i) => segments[i]!.text.start, offset)];
  let start = 0;
  return prompt.text.split('\n').map((text) => {
    const range = { start, end: start + text.length };
    start = range.end + 1;
    const [first, last] = [at(range.start), at(Math.max(range.start, range.end - 1))];
    const file = fileOffsets(prompt, range);
    const cuts =
      text !== '' &&
      ((first?.verbatim === false && first.text.start !== range.start) ||
        (last?.verbatim === false && last.text.end !== range.end));
    const isOutside = text !== '' && (first?.hole?.isOutside === true || last?.hole?.isOutside === true);
    const isBackwards = file.end < file.start || file.end > fileText.length;
    return { text, file, encoding: first?.encoding, isMovable: !cuts && !isOutside && !isBackwards };
  });
}

function composeEdit(
  prompt: MappedText,
  fileText: string,
  lines: readonly SourceLine[],
  { first, oldEnd, lines: wanted }: Change,
  keepsEnds: boolean,
) {
  const old = lines.slice(first, oldEnd);
  if (old.length === 0 || old.some(({ isMovable }) => !isMovable)) return undefined;
  const inPlace = keepsEnds && wanted.length === old.length;
  if (keepsEnds && !inPlace) return undefined;
  const encoding = old.find((line) => line.text !== '')?.encoding;
  const raws = rawLines(fileText, old, wanted, encoding);
  const fileLineEnd = fileText.includes('\r\n') ? '\r\n' : '\n';
  const newText = raws.map((raw, i) => {
    if (i === 0) return raw;
    const kept = fileText.slice(old[i - 1]?.file.end, old[i]?.file.start);
    const isBlank = wanted[i] === '';
    const made = (isBlank ? encoding?.blankLineEnd : encoding?.lineEnd) ?? '\n';
    return (inPlace ? kept : made.replaceAll('\n', fileLineEnd)) + raw;
  });
  return { range: { start: old[0]!.file.start, end: old.at(-1)!.file.end }, newText: newText.join('') };
}

/** The source of each wanted line: that of an old line of the same text where there is one, else written anew. */
function rawLines(
  fileText: string,
  old: readonly SourceLine[],
  wanted: readonly string[],
  encoding: Encoding | undefined,
): string[] {
  const free = new Map<string, SourceLine[]>();
  for (const line of old) {
    for (const key of new Set([line.text, line.text.trim()])) free.set(key, [...(free.get(key) ?? []), line]);
  }
  const used = new Set<SourceLine>();
  const take = (key: string): SourceLine | undefined => {
    const line = free.get(key)?.find((each) => !used.has(each));
    if (line !== undefined) used.add(line);
    return line;
  };
  return wanted.map((text) => {
    if (text === '') return '';
    const line = take(text) ?? take(text.trim());
    if (line === undefined) return encodeText(text, encoding);
    const raw = fileText.slice(line.file.start, line.file.end);
    if (line.text === text) return raw;
    // The same words at another depth.
    const lead = /^\s*/.exec(text)![0];
    return encodeText(lead, encoding) + raw.trim() + text.slice(text.trimEnd().length);
  });
}
