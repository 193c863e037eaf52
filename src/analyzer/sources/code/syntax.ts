import type { SyntaxNode } from '@lezer/common';
import type { Encoding, MappedText } from '../../prompt.ts';
import { concatenate } from '../mappedText.ts';
import type { ExtractionOptions, SourceFile } from '../promptSource.ts';
import { readUpwards } from '../readUpwards.ts';
import { standIn } from '../template.ts';
import { bodyOf } from '../wholeFile.ts';
import { keyOf, mostModules, type ForeignText, type Reference } from './reference.ts';
import { foreignHole, unknownValue } from './textOperations.ts';

/** Expressions inside of a literal whose text is filled in. */
const filled = new Set(['VariableName', 'String', 'MemberExpression', 'CallExpression', 'AwaitExpression']);

/** A parsed file of code, and how its string expressions become texts. */
export abstract class CodeReader {
  /** Names on the way of being resolved: a constant may be made of itself in broken code. */
  readonly #resolving = new Set<string>();
  readonly #constants = new Map<string, SyntaxNode | null>();
  readonly #imports = new Map<string, Reference>();
  readonly #namespaces = new Map<string, string>();
  /** Modules whose names are all this one's as well. */
  readonly #passedOn: string[] = [];
  /** What was asked for and is in other files that were not read yet. */
  readonly #wanted = new Map<string, Reference>();
  readonly #known = new Map<string, ForeignText | { readonly reason: string }>();
  readonly #modules = new Map<string, CodeReader | undefined>();
  /** Why expressions are not followed, by their source. */
  readonly #failures = new Map<string, string>();

  constructor(
    readonly source: SourceFile,
    readonly options: ExtractionOptions,
  ) {}

  get file(): string {
    return this.source.text;
  }

  raw(node: SyntaxNode): string {
    return this.file.slice(node.from, node.to);
  }

  /** Remembers what a name stands for; a name with two meanings stands for none. */
  define(name: string, value: SyntaxNode): void {
    this.#constants.set(name, this.#constants.has(name) ? null : value);
  }

  /** Remembers a name that another file defines. */
  importName(local: string, reference: Reference): void {
    this.#imports.set(local, reference);
  }

  /** Remembers a name whose members are those of a module. */
  importModule(local: string, module: string): void {
    this.#namespaces.set(local, module);
  }

  passOn(module: string): void {
    this.#passedOn.push(module);
  }

  /** The text of an expression; undefined when it is not made of string literals. */
  abstract textOf(node: SyntaxNode): MappedText | undefined;

  /** What an expression that is no text itself reads from another file. */
  protected abstract fileReadBy(node: SyntaxNode): string | undefined;

  /** The expression that another one has the text of: without parentheses, casts, `await`; `change` says what it does to it. */
  protected abstract unwrapped(
    node: SyntaxNode,
  ): { readonly inner: SyntaxNode; readonly change?: (text: MappedText) => MappedText } | undefined;

  /** Where a module may lie, by paths relative to this file or, if `isUpwards`, to a folder above. */
  protected abstract modulePaths(module: string): { readonly paths: readonly string[]; readonly isUpwards: boolean };

  /** Reads another file of the same language; undefined when it is hardly code. */
  protected abstract open(file: SourceFile): CodeReader | undefined;

  /** The text that an expression as a whole has from another file, in the positions of that file. */
  elsewhere(node: SyntaxNode): ForeignText | undefined {
    const reference = this.#referenceOf(node);
    if (reference !== undefined) return this.#lookUp(reference, node);
    const constant = node.name === 'VariableName' ? this.#constants.get(this.raw(node)) : undefined;
    if (constant) return this.#once(this.raw(node), () => this.elsewhere(constant));
    const { inner, change } = this.unwrapped(node) ?? {};
    const foreign = inner && this.elsewhere(inner);
    return foreign && change ? { ...foreign, mapped: change(foreign.mapped) } : foreign;
  }

  /** The same as a part of a larger text, which does not hold it itself. */
  protected included(node: SyntaxNode, encoding?: Encoding): MappedText | undefined {
    const foreign = this.elsewhere(node);
    if (foreign === undefined) return undefined;
    const hole = { name: this.raw(node).slice(0, 80), from: 'include' } as const;
    const file = { start: node.from, end: node.to };
    return foreignHole(foreign.mapped.text, file, hole, encoding);
  }

  /** A variable inside of a literal: with the text of a constant, of another file, or a stand-in. */
  protected filledIn(place: SyntaxNode, expression: SyntaxNode | undefined, encoding: Encoding): MappedText {
    const known = expression && filled.has(expression.name) ? this.textOf(expression) : undefined;
    const isIncluded = known?.segments[0]?.hole?.from === 'include';
    const from = known === undefined ? 'stand-in' : isIncluded ? 'include' : 'sample';
    const text = known?.text ?? standIn(this.options.standInTokens);
    const hole = { name: (expression ? this.raw(expression) : '').slice(0, 80), from } as const;
    return foreignHole(text, { start: place.from, end: place.to }, hole, encoding);
  }

  /** Reads what was asked for so far. True when something was, so that it is worth asking again. */
  async lookUpWanted(chain: readonly string[] = [this.source.uri]): Promise<boolean> {
    const wanted = [...this.#wanted];
    this.#wanted.clear();
    for (const [key, reference] of wanted) this.#known.set(key, await this.#read(reference, chain));
    return wanted.length > 0;
  }

  /** What a reader has to know about the parts of a text that are not followed. */
  notesOn({ segments }: MappedText): string[] {
    const names = new Set(segments.flatMap(({ hole }) => hole?.name ?? []));
    return [...names].flatMap((name) => {
      const reason = this.#failures.get(name);
      return reason === undefined ? [] : [`${name} is not followed: ${reason}.`];
    });
  }

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

  /** What a name of the same file stands for. */
  definitionOf(name: string): SyntaxNode | undefined {
    return this.#constants.get(name) ?? undefined;
  }

  /** The text of a constant of the same file. */
  protected constantText(name: string): MappedText | undefined {
    const node = this.definitionOf(name);
    return node && this.#once(name, () => this.textOf(node));
  }

  #once<T>(name: string, resolve: () => T | undefined): T | undefined {
    if (this.#resolving.has(name)) return undefined;
    this.#resolving.add(name);
    try {
      return resolve();
    } finally {
      this.#resolving.delete(name);
    }
  }

  #referenceOf(node: SyntaxNode): Reference | undefined {
    if (node.name === 'VariableName') {
      const name = this.raw(node);
      return this.#constants.has(name) ? undefined : this.#imports.get(name);
    }
    if (node.name === 'MemberExpression') {
      const [object, member] = [node.firstChild, node.lastChild];
      const module = object?.name === 'VariableName' ? this.#namespaces.get(this.raw(object)) : undefined;
      return module === undefined || member === null ? undefined : { kind: 'constant', module, name: this.raw(member) };
    }
    const path = this.fileReadBy(node);
    return path === undefined ? undefined : { kind: 'file', path };
  }

  #lookUp(reference: Reference, node: SyntaxNode): ForeignText | undefined {
    const known = this.#known.get(keyOf(reference));
    if (known === undefined) this.#wanted.set(keyOf(reference), reference);
    else if ('mapped' in known) return known;
    else this.#failures.set(this.raw(node).slice(0, 80), known.reason);
    return undefined;
  }

  async #read(reference: Reference, chain: readonly string[]): Promise<ForeignText | { readonly reason: string }> {
    if (reference.kind === 'constant') return this.#readConstant(reference.module, reference.name, chain);
    const file = await readUpwards(this.source.read, reference.path);
    return 'text' in file ? { mapped: bodyOf(file.text), file } : { reason: file.reason };
  }

  async #readConstant(
    name: string,
    constant: string,
    chain: readonly string[],
  ): Promise<ForeignText | { readonly reason: string }> {
    const { paths, isUpwards } = this.modulePaths(name);
    for (const path of paths) {
      const file = await (isUpwards ? readUpwards(this.source.read, path) : this.source.read(path));
      if (!('text' in file)) continue;
      if (chain.includes(file.uri)) return { reason: `it leads back to ${file.uri}` };
      if (chain.length > mostModules) return { reason: `it is more than ${mostModules} modules away` };
      if (!this.#modules.has(file.uri)) this.#modules.set(file.uri, this.open(file));
      const module = this.#modules.get(file.uri);
      return (await module?.exported(constant, [...chain, file.uri])) ?? { reason: `${file.uri} holds no such text` };
    }
    return { reason: `the module ${name} is not a file of this folder` };
  }

  /** The text of a name that this module offers to others. */
  protected async exported(name: string, chain: readonly string[]): Promise<ForeignText | undefined> {
    const read = (): ForeignText | undefined => {
      const value = this.#constants.get(name);
      const imported = this.#imports.get(name);
      if (value) {
        const foreign = this.elsewhere(value);
        const mapped = foreign === undefined ? this.constantText(name) : undefined;
        return foreign ?? (mapped && { mapped, file: this.source });
      }
      const known = imported && this.#known.get(keyOf(imported));
      if (imported !== undefined && known === undefined) this.#wanted.set(keyOf(imported), imported);
      return known && 'mapped' in known ? known : undefined;
    };
    let text = read();
    for (let round = 0; round < mostModules && (await this.lookUpWanted(chain)); round++) text = read();
    for (const module of text === undefined ? this.#passedOn : []) {
      const passed = await this.#readConstant(module, name, chain);
      if ('mapped' in passed) return passed;
    }
    return text;
  }
}

/**
 * What `collect` finds with everything that it refers to: it is asked again as long as more files were read for its answer.
 */
export async function collectWithReferences<T>(reader: CodeReader, collect: () => T): Promise<T> {
  let found = collect();
  for (let round = 0; round < mostModules && (await reader.lookUpWanted()); round++) found = collect();
  return found;
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
