import type { TextRange } from '../prompt.ts';

/** Where front matter and body of a file stand; `matter` is null without front matter. */
export interface FrontMatter {
  /** The keys, without the fences. */
  readonly matter: TextRange | null;
  readonly kind: 'yaml' | 'toml';
  readonly body: TextRange;
}

/**
 * Front matter that opens at the start of a file, after a byte order mark: a `---` or `+++` line, keys, and the same line
 * again. Read leniently, since tools write globs that are no YAML; but a rule above text without keys is a rule, not front
 * matter.
 */
export function frontMatter(text: string, at = text.startsWith('\uFEFF') ? 1 : 0): FrontMatter {
  const none: FrontMatter = { matter: null, kind: 'yaml', body: { start: at, end: text.length } };
  const fence = /^(---|\+\+\+)[ \t]*(?:\r\n|\n|\r)/.exec(text.slice(at, at + 200));
  if (fence === null) return none;
  const close = new RegExp(`(?:^|[\\r\\n])${fence[1] === '---' ? '---' : '\\+\\+\\+'}[ \\t]*(?:\\r\\n|\\n|\\r|$)`, 'g');
  const start = at + fence[0].length;
  const rest = text.slice(start);
  const match = close.exec(rest);
  if (match === null) return none;
  const matter = rest.slice(0, match.index).replace(/\r$/, '');
  const first = matter.split(/\r\n|\n|\r/).find((line) => line.trim() !== '' && !line.startsWith('#'));
  if (first !== undefined && !/^\s*(?:"[^"]+"|'[^']+'|[\w.-]+)\s*[:=]|^\[/.test(first)) return none;
  return {
    matter: { start, end: start + matter.length },
    kind: fence[1] === '---' ? 'yaml' : 'toml',
    body: { start: start + match.index + match[0].length, end: text.length },
  };
}
