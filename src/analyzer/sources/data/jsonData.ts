import type { Node, ParseError } from 'jsonc-parser';
import type { MappedText } from '../../prompt.ts';
import { MappedTextBuilder } from '../mappedText.ts';
import { escapedLines, nothing, type DataNode, type DataResult } from './dataNode.ts';

/** Reads JSON, with comments and trailing commas, which prompt files of editors have. */
export async function readJson(text: string, from = 0, end = text.length): Promise<DataResult> {
  const { parseTree, printParseErrorCode } = await import('jsonc-parser');
  const errors: ParseError[] = [];
  const start = text[from] === '\uFEFF' ? from + 1 : from;
  const root = parseTree(text.slice(start, end), errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first !== undefined || root === undefined) {
    const code = first === undefined ? 'no value' : printParseErrorCode(first.error);
    return { problem: code.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase(), offset: start + (first?.offset ?? 0) };
  }
  return { root: new JsonNode(root, text, start) };
}

class JsonNode implements DataNode {
  constructor(
    private readonly node: Node,
    private readonly file: string,
    private readonly shift: number,
  ) {}

  get kind(): DataNode['kind'] {
    const { type } = this.node;
    return type === 'object' || type === 'array' || type === 'string' ? type : 'other';
  }

  get range() {
    return { start: this.shift + this.node.offset, end: this.shift + this.node.offset + this.node.length };
  }

  get value(): unknown {
    return this.node.value as unknown;
  }

  get entries() {
    if (this.node.type !== 'object') return [];
    return (this.node.children ?? []).flatMap(({ children }) => {
      const [key, value] = children ?? [];
      if (key === undefined || value === undefined) return [];
      const start = this.shift + key.offset;
      return [{ key: String(key.value), keyRange: { start, end: start + key.length }, value: this.#child(value) }];
    });
  }

  get items(): DataNode[] {
    return this.node.type === 'array' ? (this.node.children ?? []).map((child) => this.#child(child)) : [];
  }

  readonly mapped = (): MappedText =>
    this.node.type === 'string' ? decodeJsonString(this.file, this.range.start) : nothing;

  #child(node: Node): JsonNode {
    return new JsonNode(node, this.file, this.shift);
  }
}

const jsonString = escapedLines('json', '"');
const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** A JSON string that opens at `start`, escape by escape. */
export function decodeJsonString(file: string, start: number): MappedText {
  const builder = new MappedTextBuilder();
  const traits = { encoding: jsonString };
  let at = start + 1;
  for (let literal = at; at < file.length;) {
    const unit = file[at]!;
    if (unit !== '"' && unit !== '\\') {
      at++;
      continue;
    }
    builder.verbatim(file.slice(literal, at), literal, traits);
    if (unit === '"') break;
    const letter = file[at + 1] ?? '';
    const length = letter === 'u' ? 6 : 2;
    const text =
      letter === 'u' ? String.fromCharCode(parseInt(file.slice(at + 2, at + 6), 16)) : (escapes[letter] ?? letter);
    builder.decoded(text, { start: at, end: at + length }, traits);
    at += length;
    literal = at;
  }
  return builder.build();
}
