import type { SyntaxNode } from '@lezer/common';
import type { MappedText } from '../../prompt.ts';
import { concatenate, mapLines, MappedTextBuilder, withoutBlankEdges } from '../mappedText.ts';
import type { PromptSource } from '../promptSource.ts';
import { promptsFrom, type FoundText } from '../promptsFrom.ts';
import { renderTemplate, standIn } from '../template.ts';
import { JavaScriptReader, operands } from './javascriptText.ts';
import {
  codeHint,
  isPromptName,
  isSystemName,
  isSystemOption,
  leastConstantCharacters,
  takesInstructions,
  takesSystem,
} from './promptNames.ts';
import { hardlyCode, parseCode } from './parseCode.ts';
import { childrenOf, everySyntaxNode } from './syntax.ts';
import { unknownValue } from './textOperations.ts';

/** Prompts as strings in TypeScript and JavaScript: messages, options of model calls, constants named like prompts. */
export const javascript: PromptSource = {
  id: 'javascript',
  title: 'TypeScript or JavaScript',
  patterns: ['**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}'],
  exclude: ['**/*.d.ts', '**/*.min.js', '**/*.min.mjs', '**/*.bundle.js'],
  isScan: true,
  hint: codeHint,
  extract: async (file, options) => {
    const none = 'it holds no string that is a system prompt';
    if (!codeHint.test(file.text)) return { prompts: [], reason: none };
    const { parser } = await import('@lezer/javascript');
    const dialect = /\.[mc]?ts$/i.test(file.uri) ? 'ts' : /\.tsx$/i.test(file.uri) ? 'ts jsx' : 'jsx';
    const root = parseCode(parser.configure({ dialect }), file.text);
    if (root === undefined) return hardlyCode;
    const reader = new JavaScriptReader(file.text, options);
    const constants: { name: string; value: SyntaxNode }[] = [];
    for (const node of everySyntaxNode(root)) {
      const constant = definition(reader, node);
      if (constant === undefined) continue;
      reader.define(constant.name, constant.value);
      constants.push(constant);
    }
    const found: FoundText[] = [];
    for (const node of everySyntaxNode(root)) found.push(...textsAt(reader, node));
    const used = new Set(found.flatMap(({ mapped }) => mapped.segments.map(({ file: { start } }) => start)));
    found.push(...named(reader, constants, used));
    found.sort((a, b) => startOf(a) - startOf(b));
    return promptsFrom(file, 'javascript', found, none);
  },
};

const startOf = ({ mapped }: FoundText): number => mapped.segments[0]?.file.start ?? 0;

/** `const NAME = value`, `static NAME = value`. */
function definition(reader: JavaScriptReader, node: SyntaxNode): { name: string; value: SyntaxNode } | undefined {
  if (node.name !== 'VariableDefinition' && node.name !== 'PropertyDefinition') return undefined;
  const isVariable = node.parent?.name === 'VariableDeclaration';
  if (!isVariable && node.parent?.name !== 'PropertyDeclaration') return undefined;
  let next = node.nextSibling;
  while (next !== null && (next.name === 'TypeAnnotation' || next.name === 'Optional')) next = next.nextSibling;
  const value = next?.name === 'Equals' ? next.nextSibling : null;
  return value === null ? undefined : { name: reader.raw(node), value };
}

/** Constants that are named like prompts and were not found by their use. */
export function* named(
  reader: { textOf: (node: SyntaxNode) => MappedText | undefined },
  constants: readonly { name: string; value: SyntaxNode }[],
  used: ReadonlySet<number>,
): Generator<FoundText, void, void> {
  for (const { name, value } of constants) {
    const isSystem = isSystemName(name);
    if (!isSystem && !isPromptName(name)) continue;
    const mapped = reader.textOf(value);
    if (mapped === undefined || mapped.text.length < leastConstantCharacters) continue;
    if (mapped.segments.some(({ file: { start } }) => used.has(start))) continue;
    yield { mapped, ...(isSystem ? {} : { isLikely: true }) };
  }
}

function* textsAt(reader: JavaScriptReader, node: SyntaxNode): Generator<FoundText, void, void> {
  switch (node.name) {
    case 'ObjectExpression':
      yield* objectTexts(reader, node);
      break;
    case 'NewExpression':
    case 'CallExpression':
      yield* callTexts(reader, node);
      break;
    case 'ArrayExpression': {
      // LangChain's ["system", "..."], a template with braces.
      const [role, content, ...rest] = operands(node);
      if (role?.name !== 'String' || content === undefined || rest.length > 0) break;
      if (reader.textOf(role)?.text !== 'system') break;
      const mapped = reader.textOf(content);
      if (mapped !== undefined) yield { mapped: renderTemplate(mapped, 'braces', {}, reader.options) };
      break;
    }
    case 'JSXElement': {
      const name = node.firstChild?.getChild('JSXIdentifier');
      if (name && reader.raw(name) === 'SystemMessage') yield { mapped: jsxText(reader, node) };
    }
  }
}

function propertiesOf(reader: JavaScriptReader, object: SyntaxNode): Map<string, SyntaxNode> {
  const properties = new Map<string, SyntaxNode>();
  for (const property of object.getChildren('Property')) {
    const key = property.firstChild;
    const value = property.lastChild;
    if (key === null || value === null) continue;
    const name = key.name === 'String' ? (reader.textOf(key)?.text ?? '') : reader.raw(key);
    // `{ system }` is the variable of that name.
    if (key.name === 'PropertyDefinition' || key.name === 'String') properties.set(name, value);
  }
  return properties;
}

function* objectTexts(reader: JavaScriptReader, object: SyntaxNode): Generator<FoundText, void, void> {
  const properties = propertiesOf(reader, object);
  const roleNode = properties.get('role');
  const role = roleNode && reader.textOf(roleNode)?.text;
  if (role === 'system' || role === 'developer') {
    const mapped = contentOf(reader, properties.get('content') ?? properties.get('parts'));
    if (mapped !== undefined) yield { mapped, ...(role === 'developer' ? { role } : {}) };
  }
  const callee = calleeOf(reader, object);
  for (const [name, value] of properties) {
    const isPrompt =
      isSystemOption(name) ||
      (callee !== undefined &&
        ((name === 'system' && takesSystem(callee)) || (name === 'instructions' && takesInstructions(callee))));
    const mapped = isPrompt ? contentOf(reader, value) : undefined;
    if (mapped !== undefined) yield { mapped };
  }
}

/** What is called with this object as an argument. */
function calleeOf(reader: JavaScriptReader, object: SyntaxNode): string | undefined {
  const call = object.parent?.name === 'ArgList' ? object.parent.parent : null;
  const callee = call?.name === 'NewExpression' ? call.firstChild?.nextSibling : call?.firstChild;
  return callee ? reader.raw(callee) : undefined;
}

/** A string, a list of text parts, or `{ parts: [...] }` of Gemini; `property` follows an identifier to its text. */
function contentOf(reader: JavaScriptReader, node: SyntaxNode | undefined): MappedText | undefined {
  if (node === undefined) return undefined;
  const text = node.name === 'PropertyDefinition' ? undefined : reader.textOf(node);
  if (text !== undefined) return text;
  if (node.name === 'ArrayExpression') {
    const parts = operands(node).flatMap((item) => contentOf(reader, item) ?? []);
    return parts.length === 0 ? undefined : concatenate(parts, '\n\n');
  }
  if (node.name !== 'ObjectExpression') return undefined;
  const properties = propertiesOf(reader, node);
  return contentOf(reader, properties.get('text') ?? properties.get('parts') ?? properties.get('content'));
}

function* callTexts(reader: JavaScriptReader, node: SyntaxNode): Generator<FoundText, void, void> {
  const callee = node.name === 'NewExpression' ? node.firstChild?.nextSibling : node.firstChild;
  const list = node.getChild('ArgList');
  const [first, second] = list === null ? [] : operands(list);
  if (!callee || first === undefined) return;
  const name = reader.raw(callee);
  if (/(?:^|\.)(?:SystemMessage|ChatHistory|fromSystem|AddSystemMessage|addSystemMessage)$/.test(name)) {
    const mapped = contentOf(reader, first);
    if (mapped !== undefined) yield { mapped };
  } else if (name.endsWith('SystemMessagePromptTemplate.fromTemplate')) {
    const mapped = reader.textOf(first);
    if (mapped !== undefined) yield { mapped: renderTemplate(mapped, 'braces', {}, reader.options) };
  } else if (name.endsWith('LanguageModelChatMessage.User')) {
    // The editor's interface has no system role: the first user message takes its place.
    const mapped = reader.textOf(first);
    if (mapped !== undefined && mapped.text.length >= leastConstantCharacters) yield { mapped, isLikely: true };
  } else if (
    name.endsWith('LanguageModelChatMessage') &&
    second !== undefined &&
    reader.raw(first).endsWith('System')
  ) {
    const mapped = reader.textOf(second);
    if (mapped !== undefined) yield { mapped };
  }
}

/** Text of `<SystemMessage>` of prompt-tsx: its lines without indent, as JSX reads them. */
function jsxText(reader: JavaScriptReader, element: SyntaxNode): MappedText {
  const builder = new MappedTextBuilder();
  for (const child of childrenOf(element)) {
    if (child.name === 'JSXText') builder.verbatim(reader.raw(child), child.from);
    else if (child.name === 'JSXElement') {
      if (/^<br\b/.test(reader.raw(child))) builder.decoded('\n', { start: child.from, end: child.to });
      else builder.append(jsxText(reader, child));
    } else if (child.name === 'JSXEscape') {
      const inner = child.firstChild?.nextSibling;
      const text = inner && reader.textOf(inner);
      const file = { start: child.from, end: child.to };
      builder.append(text ?? unknownValue(standIn(reader.options.standInTokens), file, reader.raw(child).slice(1, -1)));
    }
  }
  const lines = mapLines(builder.build(), (line) => ({
    start: Math.min(line.length - line.trimStart().length, line.trimEnd().length),
    end: line.trimEnd().length,
  }));
  return withoutBlankEdges(lines);
}
