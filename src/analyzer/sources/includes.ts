import type { MappedText } from '../prompt.ts';
import { MappedTextBuilder } from './mappedText.ts';
import type { FileReader, ReadFile } from './promptSource.ts';
import { bodyOf } from './wholeFile.ts';

/** Characters that includes may still add to a text. */
export interface IncludeBudget {
  left: number;
}

export const includeBudget = (): IncludeBudget => ({ left: 1024 * 1024 });

/** Why a file is not put into the one that asks for it, through the files of `chain`; undefined when it is. */
export function refusal(
  file: ReadFile,
  chain: readonly string[],
  depth: number,
  budget: IncludeBudget,
): string | undefined {
  if (!('text' in file)) return file.reason;
  if (chain.includes(file.uri)) return `it leads back to ${file.uri}`;
  if (chain.length > depth) return `it is nested deeper than ${depth} files`;
  budget.left -= file.text.length;
  return budget.left < 0 ? 'what is included holds more than 1 MiB' : undefined;
}

/** A place where a text asks for a file. */
export interface IncludeMark {
  readonly start: number;
  readonly end: number;
  readonly path: string;
  /** How notes name it. */
  readonly shown: string;
  /** False where the text may mean something else when there is no such file. */
  readonly isSure: boolean;
}

/** How a format includes files in one another. */
export interface IncludeNotation {
  readonly marksOf: (text: string) => readonly IncludeMark[];
  /** Includes within includes are followed this far. */
  readonly depth: number;
  /** Finds a file; by default relative to the one that asks for it. */
  readonly find?: (read: FileReader, path: string) => Promise<ReadFile>;
}

/**
 * A text with its includes expanded in place. Each becomes a hole with the included text; what is not followed stays as it
 * is, and `notes` says why: too deep, a cycle, not there.
 */
export async function expandIncludes(
  source: MappedText,
  uri: string,
  read: FileReader,
  notation: IncludeNotation,
): Promise<{ mapped: MappedText; notes: string[] }> {
  const expansion: Expansion = { notation, notes: [], ...includeBudget() };
  const builder = new MappedTextBuilder();
  let at = 0;
  for (const mark of notation.marksOf(source.text)) {
    const text = await included(mark, read, [uri], expansion);
    if (text === undefined) continue;
    const { start, end, path } = mark;
    builder.append(source, { start: at, end: start });
    const { segments } = new MappedTextBuilder().append(source, { start, end }).build();
    const [first, last] = [segments[0]!, segments.at(-1)!];
    const file = { start: first.file.start, end: last.file.end };
    builder.decoded(text, file, { encoding: first.encoding, hole: { name: path, from: 'include' } });
    at = end;
  }
  builder.append(source, { start: at, end: source.text.length });
  return { mapped: builder.build(), notes: expansion.notes };
}

interface Expansion extends IncludeBudget {
  readonly notation: IncludeNotation;
  readonly notes: string[];
}

async function included(
  { path, shown, isSure }: IncludeMark,
  read: FileReader,
  chain: readonly string[],
  expansion: Expansion,
): Promise<string | undefined> {
  const { notation, notes } = expansion;
  const file = await (notation.find ?? ((from, named) => from(named)))(read, path);
  if (!('text' in file) && !isSure) return undefined;
  const reason = refusal(file, chain, notation.depth, expansion);
  if (reason !== undefined || !('text' in file)) {
    notes.push(`${shown} is not followed: ${reason ?? ''}.`);
    return undefined;
  }
  const { text } = bodyOf(file.text);
  const parts: string[] = [];
  let at = 0;
  for (const inner of notation.marksOf(text)) {
    const expanded = await included(inner, file.read, [...chain, file.uri], expansion);
    if (expanded === undefined) continue;
    parts.push(text.slice(at, inner.start), expanded);
    at = inner.end;
  }
  return [...parts, text.slice(at)].join('');
}
