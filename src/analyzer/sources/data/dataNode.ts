import type { Encoding, MappedText, TextRange } from '../../prompt.ts';

/** A value of a JSON or YAML file with its place: what the extractors of data formats read, whatever the notation. */
export interface DataNode {
  readonly kind: 'object' | 'array' | 'string' | 'other';
  /** Range of the value in the file. */
  readonly range: TextRange;
  /** Of an object, in file order. */
  readonly entries: readonly DataEntry[];
  /** Of an array. */
  readonly items: readonly DataNode[];
  /** Number, boolean or null; the text of a string. */
  readonly value: unknown;
  /** A string with the map to the file; empty for other kinds. */
  readonly mapped: () => MappedText;
}

export interface DataEntry {
  readonly key: string;
  readonly keyRange: TextRange;
  readonly value: DataNode;
}

/** A tree, or the first thing that makes the text unreadable. */
export type DataResult = { readonly root: DataNode } | { readonly problem: string; readonly offset: number };

export const nothing: MappedText = { text: '', segments: [] };

/** Values at these places inside an object; undefined where one is missing. */
export function at(node: DataNode | undefined, ...path: readonly (string | number)[]): DataNode | undefined {
  let current = node;
  for (const key of path) {
    if (current === undefined) return undefined;
    current =
      typeof key === 'number' ? current.items[key] : current.entries.findLast((entry) => entry.key === key)?.value;
  }
  return current;
}

export function stringAt(node: DataNode | undefined, ...path: readonly (string | number)[]): string | undefined {
  const found = at(node, ...path);
  return found?.kind === 'string' ? (found.value as string) : undefined;
}

/** Nodes beyond this number are not looked at: aliases make a small file describe a huge tree. */
const mostNodes = 200_000;

/** Every node of a tree, parents first. */
export function* everyNode(root: DataNode): Generator<DataNode, void, void> {
  const waiting = [root];
  for (let count = 0; waiting.length > 0 && count < mostNodes; count++) {
    const node = waiting.pop()!;
    yield node;
    for (let i = node.items.length - 1; i >= 0; i--) waiting.push(node.items[i]!);
    for (let i = node.entries.length - 1; i >= 0; i--) waiting.push(node.entries[i]!.value);
  }
}

/** The plain value of a tree; what lies deeper than any prompt file is left out. */
export function plain(node: DataNode, depth = 0): unknown {
  if (depth > 20) return undefined;
  switch (node.kind) {
    case 'object':
      return Object.fromEntries(node.entries.map(({ key, value }) => [key, plain(value, depth + 1)]));
    case 'array':
      return node.items.map((item) => plain(item, depth + 1));
    case 'string':
    case 'other':
      return node.value;
  }
}

/** An encoding whose line ends are written as an escape. */
export const escapedLines = (escape: Encoding['escape'], quote: string): Encoding => ({
  escape,
  quote,
  lineEnd: '\\n',
  blankLineEnd: '\\n',
});
