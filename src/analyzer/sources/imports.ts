import type { IncludeMark, IncludeNotation } from './includes.ts';

/** `@path` at the start of a line or after white space, outside of code: how Claude Code and Gemini CLI write it. */
const importMark = /(?<=^|\s)@((?:\.{0,2}\/|~\/|[A-Za-z])[^\s`]*)/g;

/** Imports of instruction files. Both tools follow imports within imports five deep. */
export const imports: IncludeNotation = { marksOf: importsOf, depth: 5 };

/** Import marks outside of fences and code spans. A word with an @ that names no file is text. */
function importsOf(text: string): IncludeMark[] {
  const found: IncludeMark[] = [];
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
        const at = start + match.index;
        found.push({ start: at, end: at + 1 + path.length, path, shown: `@${path}`, isSure: /[./]/.test(path) });
      }
    }
    start += line.length + 1;
  }
  return found;
}
