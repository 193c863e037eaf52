import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SpanKind, TextRange } from '../../src/analyzer/prompt.ts';

/** A span as a reader sees it. */
export interface LabelledSpan {
  readonly kind: SpanKind;
  readonly range: TextRange;
}

/** A prompt with its spans marked by hand, ascending and disjoint. */
export interface LabelledPrompt {
  /** Folder and file without extension, such as `nested/refunds`. */
  readonly name: string;
  /** The folder: the form that prompts of this kind have. */
  readonly form: string;
  readonly text: string;
  readonly spans: readonly LabelledSpan[];
}

const kinds: Readonly<Record<string, SpanKind>> = {
  I: 'identity',
  S: 'defense',
  P: 'prohibition',
  F: 'format',
  D: 'directive',
  C: 'context',
  E: 'example',
  H: 'heading',
};

const folder = path.dirname(fileURLToPath(import.meta.url));

/** Prompts of the set by part; `heldOut.json` names the third that segmentation was not developed on. */
export function labelledPrompts(part: 'development' | 'held-out'): LabelledPrompt[] {
  const heldOut = new Set(JSON.parse(readFileSync(path.join(folder, 'heldOut.json'), 'utf8')) as string[]);
  const prompts = path.join(folder, 'prompts');
  return readdirSync(prompts, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.txt'))
    .map((file) => file.replaceAll(path.sep, '/').slice(0, -'.txt'.length))
    .sort()
    .filter((name) => heldOut.has(name) === (part === 'held-out'))
    .map((name) => parseLabelled(name, readFileSync(path.join(prompts, `${name}.txt`), 'utf8')));
}

/** Takes the marks `⟦K text⟧` out of a text. Throws on an unknown letter and on marks that do not pair. */
export function parseLabelled(name: string, marked: string): LabelledPrompt {
  const spans: LabelledSpan[] = [];
  let text = '';
  let rest = 0;
  for (const match of marked.matchAll(/⟦(.) ([^⟦⟧]+)⟧/gu)) {
    const kind = kinds[match[1]!];
    if (kind === undefined) throw new Error(`${name}: unknown kind "${match[1]!}"`);
    text += marked.slice(rest, match.index);
    spans.push({ kind, range: { start: text.length, end: text.length + match[2]!.length } });
    text += match[2]!;
    rest = match.index + match[0].length;
  }
  text += marked.slice(rest);
  if (/[⟦⟧]/u.test(text)) throw new Error(`${name}: a mark without its counterpart`);
  return { name, form: name.split('/')[0]!, text, spans };
}
