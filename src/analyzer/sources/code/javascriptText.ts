import type { SyntaxNode } from '@lezer/common';
import type { Encoding, MappedText } from '../../prompt.ts';
import { escapedLines } from '../data/dataNode.ts';
import { mapText, MappedTextBuilder } from '../mappedText.ts';
import type { ExtractionOptions, SourceFile } from '../promptSource.ts';
import { standIn } from '../template.ts';
import { javaScriptModulePaths, pathRead } from './javascriptPaths.ts';
import { isCast, isFunction, operands, returned } from './javascriptSyntax.ts';
import { childrenOf, CodeReader } from './syntax.ts';
import { dedentTag, joined, trimEnds, unknownValue } from './textOperations.ts';

const templateLiteral: Encoding = { escape: 'template-literal', quote: '`', lineEnd: '\n', blankLineEnd: '\n' };
const quoted = { "'": escapedLines('js', "'"), '"': escapedLines('js', '"') };

/** String expressions of TypeScript and JavaScript. */
export class JavaScriptReader extends CodeReader {
  constructor(
    source: SourceFile,
    options: ExtractionOptions,
    private readonly openModule: (file: SourceFile) => JavaScriptReader | undefined,
  ) {
    super(source, options);
  }

  textOf(node: SyntaxNode): MappedText | undefined {
    switch (node.name) {
      case 'String': {
        const quote = this.file[node.from] === '"' ? '"' : "'";
        return decodeEscapes(this.file, node.from + 1, Math.max(node.from + 1, node.to - 1), quoted[quote]);
      }
      case 'TemplateString':
        return this.#template(node);
      case 'TaggedTemplateExpression':
        return this.#tagged(node);
      case 'ParenthesizedExpression':
        return this.#inner(node);
      case 'BinaryExpression':
        return this.#binary(node);
      case 'ConditionalExpression':
        return this.#conditional(node);
      case 'VariableName':
        return this.constantText(this.raw(node)) ?? this.included(node);
      case 'CallExpression':
        return this.#call(node) ?? this.included(node);
      case 'ArrowFunction':
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'AwaitExpression':
      case 'PostfixExpression': {
        const inner = this.unwrapped(node)?.inner;
        return inner && this.textOf(inner);
      }
      case 'MemberExpression':
        return this.included(node);
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
        const [inner] = operands(node);
        return inner && { inner };
      }
      case 'AwaitExpression':
        return node.lastChild === null ? undefined : { inner: node.lastChild };
      case 'PostfixExpression':
        return node.firstChild === null ? undefined : { inner: node.firstChild };
      case 'BinaryExpression': {
        const [inner, operator] = operands(node);
        return inner && operator && isCast(operator, this.raw(operator)) ? { inner } : undefined;
      }
      case 'ArrowFunction':
      case 'FunctionDeclaration':
      case 'FunctionExpression': {
        const inner = returned(node);
        return inner && { inner };
      }
      case 'CallExpression':
        return this.#unwrappedCall(node);
      default:
        return undefined;
    }
  }

  /** `text.trim()` and the like, and a function of this file that does nothing but return a text. */
  #unwrappedCall(node: SyntaxNode) {
    const callee = node.firstChild;
    if (callee?.name === 'VariableName') {
      const called = this.definitionOf(this.raw(callee));
      return called !== undefined && isFunction(called) ? { inner: callee } : undefined;
    }
    const target = callee?.name === 'MemberExpression' ? callee.firstChild : null;
    const method = target === null || !callee?.lastChild ? '' : this.raw(callee.lastChild);
    if (target === null || !/^(?:trim|trimStart|trimEnd|toString)$/.test(method)) return undefined;
    const [start, end] = [/^trim(?:Start)?$/.test(method), /^trim(?:End)?$/.test(method)];
    return { inner: target, change: (text: MappedText) => trimEnds(text, start, end) };
  }

  protected modulePaths(module: string) {
    return { paths: javaScriptModulePaths(module), isUpwards: false };
  }

  protected open(file: SourceFile): JavaScriptReader | undefined {
    return this.openModule(file);
  }

  #inner(node: SyntaxNode): MappedText | undefined {
    const [inner] = operands(node);
    return inner === undefined ? undefined : this.textOf(inner);
  }

  #template(node: SyntaxNode): MappedText {
    const builder = new MappedTextBuilder();
    let start = node.from + 1;
    const end = Math.max(start, node.to - (this.file[node.to - 1] === '`' && node.to - 1 > node.from ? 1 : 0));
    for (const child of childrenOf(node)) {
      if (child.name !== 'Interpolation') continue;
      builder.append(decodeEscapes(this.file, start, child.from, templateLiteral));
      const expression = child.firstChild?.nextSibling;
      builder.append(this.filledIn(child, expression ?? undefined, templateLiteral));
      start = child.to;
    }
    return builder.append(decodeEscapes(this.file, start, Math.max(start, end), templateLiteral)).build();
  }

  #tagged(node: SyntaxNode): MappedText | undefined {
    const [tag, template] = childrenOf(node);
    if (tag === undefined || template?.name !== 'TemplateString') return undefined;
    const text = this.#template(template);
    return /dedent|outdent|stripindent|prompt|markdown|md$/i.test(this.raw(tag)) ? dedentTag(text) : text;
  }

  /** `a + b + c`, without recursion along the chain; what is no string is a variable. `x as T` and `x ?? y` are x. */
  #binary(node: SyntaxNode): MappedText | undefined {
    const parts: SyntaxNode[] = [];
    let left = node;
    while (left.name === 'BinaryExpression') {
      const [first, operator, second]: SyntaxNode[] = operands(left);
      if (first === undefined || operator === undefined) return undefined;
      if (isCast(operator, this.raw(operator))) {
        if (parts.length > 0) break;
        return this.textOf(first);
      }
      if (second === undefined || this.raw(operator) !== '+') return undefined;
      parts.unshift(second);
      left = first;
    }
    return this.sum([left, ...parts]);
  }

  #conditional(node: SyntaxNode): MappedText | undefined {
    const [, first, last] = operands(node).filter(({ name }) => name !== 'LogicOp');
    const chosen = this.options.branch === 'last' ? last : first;
    return chosen === undefined ? undefined : this.textOf(chosen);
  }

  #call(node: SyntaxNode): MappedText | undefined {
    const [callee, argumentList] = childrenOf(node);
    if (callee === undefined || argumentList?.name !== 'ArgList') return undefined;
    const [first] = operands(argumentList);
    if (callee.name !== 'MemberExpression') {
      const text =
        /dedent|outdent|stripindent/i.test(this.raw(callee)) && first !== undefined ? this.textOf(first) : undefined;
      if (text !== undefined) return dedentTag(text);
      const called = callee.name === 'VariableName' ? this.definitionOf(this.raw(callee)) : undefined;
      return called !== undefined && isFunction(called) ? this.constantText(this.raw(callee)) : undefined;
    }
    const target = callee.firstChild!;
    switch (callee.lastChild === null ? '' : this.raw(callee.lastChild)) {
      case 'join':
        return this.#join(target, first);
      case 'trim':
        return this.#trimmed(target, true, true);
      case 'trimStart':
        return this.#trimmed(target, true, false);
      case 'trimEnd':
        return this.#trimmed(target, false, true);
      default:
        return undefined;
    }
  }

  #trimmed(target: SyntaxNode, start: boolean, end: boolean): MappedText | undefined {
    const text = this.textOf(target);
    return text && trimEnds(text, start, end);
  }

  #join(target: SyntaxNode, separatorNode: SyntaxNode | undefined): MappedText | undefined {
    if (target.name !== 'ArrayExpression') return undefined;
    const separator = separatorNode === undefined ? ',' : this.textOf(separatorNode)?.text;
    const items = operands(target);
    const texts = items.map((item) => this.textOf(item));
    if (separator === undefined || texts.every((text) => text === undefined)) return undefined;
    const parts = texts.map((text, i) => {
      const { from: start, to: end } = items[i]!;
      return text ?? unknownValue(standIn(this.options.standInTokens), { start, end }, this.file.slice(start, end));
    });
    return joined(parts, separator);
  }
}

const simpleEscapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  '0': '\0',
};

/** The text between quotes of JavaScript, escape by escape. */
export function decodeEscapes(file: string, start: number, end: number, encoding: Encoding): MappedText {
  const builder = new MappedTextBuilder();
  const traits = { encoding };
  let literal = start;
  const plain = (to: number): unknown => builder.append(mapText(file, { start: literal, end: to }, traits));
  for (let at = file.indexOf('\\', start); at >= 0 && at < end; at = file.indexOf('\\', literal)) {
    plain(at);
    const match = /\\(?:u\{([\da-fA-F]{1,6})\}|u([\da-fA-F]{4})|x([\da-fA-F]{2})|(\r\n|\n|\r|[\s\S]))/y;
    match.lastIndex = at;
    const found = match.exec(file);
    const length = Math.min(found?.[0].length ?? 1, end - at);
    const code = found?.[1] ?? found?.[2] ?? found?.[3];
    const letter = found?.[4] ?? '';
    const text = code !== undefined ? fromCode(code) : /[\r\n]/.test(letter) ? '' : (simpleEscapes[letter] ?? letter);
    builder.decoded(text, { start: at, end: at + length }, traits);
    literal = at + length;
  }
  plain(end);
  return builder.build();
}

const fromCode = (digits: string): string => {
  const code = parseInt(digits, 16);
  return code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);
};
