import type { SyntaxNode } from '@lezer/common';
import type { MappedText } from '../../prompt.ts';
import { concatenate } from '../mappedText.ts';
import type { ExtractionOptions } from '../promptSource.ts';
import { standIn } from '../template.ts';
import { unknownValue } from './textOperations.ts';

/** A parsed file of code, and how its string expressions become texts. */
export abstract class CodeReader {
  /** Names on the way of being resolved: a constant may be made of itself in broken code. */
  readonly #resolving = new Set<string>();
  readonly #constants = new Map<string, SyntaxNode | null>();

  constructor(
    readonly file: string,
    readonly options: ExtractionOptions,
  ) {}

  raw(node: SyntaxNode): string {
    return this.file.slice(node.from, node.to);
  }

  /** Remembers what a name stands for; a name with two meanings stands for none. */
  define(name: string, value: SyntaxNode): void {
    this.#constants.set(name, this.#constants.has(name) ? null : value);
  }

  /** The text of an expression; undefined when it is not made of string literals. */
  abstract textOf(node: SyntaxNode): MappedText | undefined;

  /** The operands of `a + b + c` in a row; undefined when none is a text, and what alone is none is a variable. */
  protected sum(operands: readonly SyntaxNode[]): MappedText | undefined {
    const texts = operands.map((operand) => this.textOf(operand));
    if (texts.every((text) => text === undefined)) return undefined;
    return concatenate(
      texts.map((text, i) => {
        const { from: start, to: end } = operands[i]!;
        return text ?? unknownValue(standIn(this.options.standInTokens), { start, end }, this.file.slice(start, end));
      }),
    );
  }

  /** The text of a constant of the same file. */
  protected constantText(name: string): MappedText | undefined {
    const node = this.#constants.get(name);
    if (node === null || node === undefined || this.#resolving.has(name)) return undefined;
    this.#resolving.add(name);
    try {
      return this.textOf(node);
    } finally {
      this.#resolving.delete(name);
    }
  }
}

export function* childrenOf(node: SyntaxNode): Generator<SyntaxNode, void, void> {
  for (let child = node.firstChild; child !== null; child = child.nextSibling) yield child;
}

/** The children of a node without a language's punctuation and comments. */
export const operandsBut =
  (punctuation: ReadonlySet<string>) =>
  (node: SyntaxNode): SyntaxNode[] =>
    [...childrenOf(node)].filter(({ name }) => !punctuation.has(name));

/** Every node under one, parents first, without recursion. */
export function* everySyntaxNode(root: SyntaxNode): Generator<SyntaxNode, void, void> {
  const cursor = root.cursor();
  do yield cursor.node;
  while (cursor.next());
}
