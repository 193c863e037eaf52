import type { SyntaxNode } from '@lezer/common';
import type { Encoding, MappedText } from '../../prompt.ts';
import { escapedLines } from '../data/dataNode.ts';
import { concatenate, mapText, MappedTextBuilder } from '../mappedText.ts';
import type { ExtractionOptions, SourceFile } from '../promptSource.ts';
import { renderTemplate, standIn } from '../template.ts';
import { pathRead, pythonModulePaths } from './pythonPaths.ts';
import { pythonOperands, returned } from './pythonSyntax.ts';
import { childrenOf, CodeReader } from './syntax.ts';
import { dedent, joined, trimEnds, unknownValue } from './textOperations.ts';

/** String expressions of Python. */
export class PythonReader extends CodeReader {
  constructor(
    source: SourceFile,
    options: ExtractionOptions,
    private readonly openModule: (file: SourceFile) => PythonReader | undefined,
  ) {
    super(source, options);
  }

  textOf(node: SyntaxNode): MappedText | undefined {
    switch (node.name) {
      case 'String':
      case 'FormatString':
        return this.#literal(node);
      case 'ContinuedString':
        return concatenate([...childrenOf(node)].flatMap((part) => this.textOf(part) ?? []));
      case 'ParenthesizedExpression': {
        const [inner] = pythonOperands(node);
        return inner === undefined ? undefined : this.textOf(inner);
      }
      case 'BinaryExpression':
        return this.#binary(node);
      case 'VariableName':
        return this.constantText(this.raw(node)) ?? this.included(node);
      case 'CallExpression':
        return this.#call(node) ?? this.included(node);
      case 'MemberExpression':
        return this.included(node);
      case 'AwaitExpression':
      case 'FunctionDefinition': {
        const inner = this.unwrapped(node)?.inner;
        return inner && this.textOf(inner);
      }
      default:
        return undefined;
    }
  }

  protected fileReadBy(node: SyntaxNode): string | undefined {
    return pathRead(this, node);
  }

  protected unwrapped(node: SyntaxNode) {
    switch (node.name) {
      case 'ParenthesizedExpression': {
        const [inner] = pythonOperands(node);
        return inner && { inner };
      }
      case 'AwaitExpression':
        return node.lastChild === null ? undefined : { inner: node.lastChild };
      case 'FunctionDefinition': {
        const inner = returned(node);
        return inner && { inner };
      }
      case 'CallExpression':
        return this.#unwrappedCall(node);
      default:
        return undefined;
    }
  }

  /** `text.strip()` and the like, and a function of this file that does nothing but return a text. */
  #unwrappedCall(node: SyntaxNode) {
    const callee = node.firstChild;
    if (callee?.name === 'VariableName')
      return this.definitionOf(this.raw(callee))?.name === 'FunctionDefinition' ? { inner: callee } : undefined;
    const target = callee?.name === 'MemberExpression' ? callee.firstChild : null;
    const method = target === null || !callee?.lastChild ? '' : this.raw(callee.lastChild);
    if (target === null || !/^[lr]?strip$/.test(method)) return undefined;
    return {
      inner: target,
      change: (text: MappedText) => trimEnds(text, method !== 'rstrip', method !== 'lstrip'),
    };
  }

  protected modulePaths(module: string) {
    return pythonModulePaths(module);
  }

  protected open(file: SourceFile): PythonReader | undefined {
    return this.openModule(file);
  }

  #literal(node: SyntaxNode): MappedText | undefined {
    const opening = /^([A-Za-z]{0,2})("""|'''|"|')/.exec(this.file.slice(node.from, node.from + 5));
    if (opening === null || /b/i.test(opening[1]!)) return undefined;
    const quote = opening[2]!;
    const isRaw = /r/i.test(opening[1]!);
    const start = node.from + opening[0].length;
    const isClosed = node.to - quote.length >= start && this.file.endsWith(quote, node.to);
    const end = isClosed ? closing(this.file, node.to, quote) : node.to;
    const encoding = encodingOf(quote);
    const builder = new MappedTextBuilder();
    let at = start;
    const isFormat = node.name === 'FormatString';
    const plain = (to: number): unknown => builder.append(decodePython(this.file, at, to, encoding, isRaw, isFormat));
    for (const child of childrenOf(node)) {
      if (child.name !== 'FormatReplacement') continue;
      plain(child.from);
      const expression = child.firstChild?.nextSibling;
      builder.append(this.filledIn(child, expression ?? undefined, encoding));
      at = child.to;
    }
    plain(Math.max(at, end));
    return builder.build();
  }

  #binary(node: SyntaxNode): MappedText | undefined {
    const parts: SyntaxNode[] = [];
    let left = node;
    while (left.name === 'BinaryExpression') {
      const [first, operator, second]: SyntaxNode[] = pythonOperands(left);
      if (first === undefined || operator === undefined || second === undefined) return undefined;
      if (this.raw(operator) === '%' && parts.length === 0) {
        const text = this.textOf(first);
        return text && percentFormatted(text, this.options.standInTokens);
      }
      if (this.raw(operator) !== '+') return undefined;
      parts.unshift(second);
      left = first;
    }
    return this.sum([left, ...parts]);
  }

  #call(node: SyntaxNode): MappedText | undefined {
    const [callee, argumentList] = childrenOf(node);
    if (callee === undefined || argumentList?.name !== 'ArgList') return undefined;
    const [first] = pythonOperands(argumentList);
    const name = callee.lastChild === null ? this.raw(callee) : this.raw(callee.lastChild);
    const target = callee.name === 'MemberExpression' ? callee.firstChild! : undefined;
    switch (name) {
      case 'dedent': {
        const text = first && this.textOf(first);
        return text && dedent(text);
      }
      case 'cleandoc': {
        const text = first && this.textOf(first);
        return text && trimEnds(dedent(trimEnds(text, true, false)), true, true);
      }
      case 'strip':
      case 'lstrip':
      case 'rstrip': {
        const text = first === undefined && target !== undefined ? this.textOf(target) : undefined;
        return text && trimEnds(text, name !== 'rstrip', name !== 'lstrip');
      }
      case 'format': {
        const text = target && this.textOf(target);
        return text && renderTemplate(text, 'braces', {}, this.options);
      }
      case 'join':
        return this.#join(target, first);
      default:
        return callee.name === 'VariableName' && this.definitionOf(name)?.name === 'FunctionDefinition'
          ? this.constantText(name)
          : undefined;
    }
  }

  #join(target: SyntaxNode | undefined, list: SyntaxNode | undefined): MappedText | undefined {
    const separator = target?.name === 'String' ? this.textOf(target)?.text : undefined;
    if (separator === undefined || (list?.name !== 'ArrayExpression' && list?.name !== 'TupleExpression'))
      return undefined;
    const texts = pythonOperands(list).map((item) => this.textOf(item));
    if (texts.some((text) => text === undefined)) return undefined;
    return joined(texts as MappedText[], separator);
  }
}

const closing = (file: string, to: number, quote: string): number =>
  file.slice(to - quote.length, to) === quote ? to - quote.length : to;

const encodings = new Map<string, Encoding>();
function encodingOf(quote: string): Encoding {
  const known =
    encodings.get(quote) ??
    (quote.length === 3
      ? { escape: 'python' as const, quote, lineEnd: '\n', blankLineEnd: '\n' }
      : escapedLines('python', quote));
  encodings.set(quote, known);
  return known;
}

const simpleEscapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\x07',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

/** The text between quotes of Python, escape by escape; of format strings, `{{` and `}}` are braces. */
function decodePython(
  file: string,
  start: number,
  end: number,
  encoding: Encoding,
  isRaw: boolean,
  isFormat: boolean,
): MappedText {
  const builder = new MappedTextBuilder();
  const traits = { encoding };
  let literal = start;
  const plain = (to: number): unknown => builder.append(mapText(file, { start: literal, end: to }, traits));
  const mark =
    /\\(?:N\{[^{}\n]{1,80}\}|u([\da-fA-F]{4})|U([\da-fA-F]{8})|x([\da-fA-F]{2})|([0-7]{1,3})|(\r\n|\n|\r|[\s\S]))|\{\{|\}\}/g;
  mark.lastIndex = start;
  for (let match = mark.exec(file); match !== null && match.index < end; match = mark.exec(file)) {
    const isBrace = match[0] === '{{' || match[0] === '}}';
    if (isBrace ? !isFormat : isRaw) {
      // A raw string's backslash still keeps the next character from ending it.
      continue;
    }
    plain(match.index);
    const length = Math.min(match[0].length, end - match.index);
    const text = isBrace ? match[0][0]! : escaped(match);
    builder.decoded(text, { start: match.index, end: match.index + length }, traits);
    literal = match.index + length;
  }
  plain(end);
  return builder.build();
}

function escaped(match: RegExpExecArray): string {
  const [whole, four, eight, two, octal, letter] = match;
  const hex = four ?? eight ?? two;
  if (hex !== undefined || octal !== undefined) {
    const code = hex === undefined ? parseInt(octal!, 8) : parseInt(hex, 16);
    return code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);
  }
  if (letter === undefined) return '\ufffd'; // a character by its Unicode name
  if (/[\r\n]/.test(letter)) return '';
  return simpleEscapes[letter] ?? whole; // an unknown escape stays as it is
}

function percentFormatted(source: MappedText, standInTokens: number): MappedText {
  const builder = new MappedTextBuilder();
  let at = 0;
  for (const match of source.text.matchAll(/%(?:\((\w+)\))?[-+ #0]*\d*(?:\.\d+)?[sdrfgx]|%%/g)) {
    builder.append(source, { start: at, end: match.index });
    at = match.index + match[0].length;
    const { segments } = new MappedTextBuilder().append(source, { start: match.index, end: at }).build();
    const [first, last] = [segments[0]!, segments.at(-1)!];
    const file = { start: first.file.start, end: last.file.end };
    if (match[0] === '%%') builder.decoded('%', file, { encoding: first.encoding });
    else builder.append(unknownValue(standIn(standInTokens), file, match[1] ?? '', first.encoding));
  }
  return builder.append(source, { start: at, end: source.text.length }).build();
}
