import type { MappedText } from '../prompt.ts';
import { MappedTextBuilder } from './mappedText.ts';
import type { FileReader } from './promptSource.ts';
import { bodyOf } from './wholeFile.ts';

/** Imports within imports are followed this far, as Claude Code and Gemini CLI do. */
export const importDepth = 5;
/** Text that imports may add in all. */
const mostImportedCharacters = 1024 * 1024;

/** `@path` at the start of a line or after white space, outside of code: how both tools write it. */
const importMark = /(?<=^|\s)@((?:\.{0,2}\/|~\/|[A-Za-z])[^\s`]*)/g;

interface Import {
  readonly start: number;
  readonly end: number;
  readonly path: string;
}

/**
 * A text with its imports expanded in place. An import of the file becomes a hole with the imported text; what is not
 * followed stays as it is, and `notes` says why: too deep, a cycle, not there. A word with an @ that names no file is text.
 */
export async function expandImports(
  source: MappedText,
  uri: string,
  read: FileReader,
): Promise<{ mapped: MappedText; notes: string[] }> {
  const notes: string[] = [];
  const budget = { left: mostImportedCharacters };
  const builder = new MappedTextBuilder();
  let at = 0;
  for (const { start, end, path } of importsOf(source.text)) {
    const text = await imported(path, read, [uri], notes, budget);
    if (text === undefined) continue;
    builder.append(source, { start: at, end: start });
    const range = new MappedTextBuilder().append(source, { start, end }).build().segments;
    const file = { start: range[0]!.file.start, end: range.at(-1)!.file.end };
    builder.decoded(text, file, { hole: { name: path, from: 'include' } });
    at = end;
  }
  builder.append(source, { start: at, end: source.text.length });
  return { mapped: builder.build(), notes };
}

async function imported(
  path: string,
  read: FileReader,
  chain: readonly string[],
  notes: string[],
  budget: { left: number },
): Promise<string | undefined> {
  const looksLikeFile = /[./]/.test(path);
  const file = await read(path);
  if (!('text' in file)) {
    if (looksLikeFile) notes.push(`@${path} is not followed: ${file.reason}.`);
    return undefined;
  }
  if (chain.includes(file.uri)) {
    notes.push(`@${path} is not followed: it leads back to ${file.uri}.`);
    return undefined;
  }
  if (chain.length > importDepth) {
    notes.push(`@${path} is not followed: it is nested deeper than ${importDepth} imports.`);
    return undefined;
  }
  const { text } = bodyOf(file.text);
  budget.left -= text.length;
  if (budget.left < 0) {
    notes.push(`@${path} is not followed: the imports hold more than 1 MiB.`);
    return undefined;
  }
  const parts: string[] = [];
  let at = 0;
  for (const inner of importsOf(text)) {
    const expanded = await imported(inner.path, file.read, [...chain, file.uri], notes, budget);
    if (expanded === undefined) continue;
    parts.push(text.slice(at, inner.start), expanded);
    at = inner.end;
  }
  return [...parts, text.slice(at)].join('');
}

/** Import marks outside of fences and code spans. */
function importsOf(text: string): Import[] {
  const found: Import[] = [];
  let fence: string | undefined;
  let start = 0;
  for (const line of text.split('\n')) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark !== undefined && fence === undefined) fence = mark;
    else if (mark?.startsWith(fence ?? '') === true) fence = undefined;
    else if (fence === undefined) {
      const visible = line.replace(/(`+)(?:(?!\1).)*\1/g, (code) => ' '.repeat(code.length));
      for (const match of visible.matchAll(importMark)) {
        // A sentence may end with the path.
        const path = match[1]!.replace(/[.,;:!?)]+$/, '');
        found.push({ start: start + match.index, end: start + match.index + 1 + path.length, path });
      }
    }
    start += line.length + 1;
  }
  return found;
}
