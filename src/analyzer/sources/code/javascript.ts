import type { SyntaxNode } from '@lezer/common';
import type { MappedText } from '../../prompt.ts';
import { mapLines, MappedTextBuilder, withoutBlankEdges } from '../mappedText.ts';
import type { PromptSource } from '../promptSource.ts';
import { promptsFrom, type FoundText } from '../promptsFrom.ts';
import { standIn } from '../template.ts';
import { inFileOrder, named, oneContent, roleOf, template, textAt, type Content } from './content.ts';
import { operands } from './javascriptSyntax.ts';
import type { JavaScriptReader } from './javascriptText.ts';
import { definition, openJavaScript, type ParserOf } from './javascriptModule.ts';
import { codeHint, isSystemOption, leastConstantCharacters, takesInstructions, takesSystem } from './promptNames.ts';
import { hardlyCode } from './parseCode.ts';
import { childrenOf, collectWithReferences, everySyntaxNode } from './syntax.ts';
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
    const parserOf: ParserOf = (uri) =>
      parser.configure({ dialect: /\.[mc]?ts$/i.test(uri) ? 'ts' : /\.tsx$/i.test(uri) ? 'ts jsx' : 'jsx' });
    const opened = openJavaScript(file, options, parserOf);
    if (opened === undefined) return hardlyCode;
    const { reader, root } = opened;
    const found = await collectWithReferences(reader, () => [...textsIn(reader, root)]);
    return promptsFrom(file, 'javascript', inFileOrder(reader, found), none);
  },
};

function* textsIn(reader: JavaScriptReader, root: SyntaxNode): Generator<FoundText, void, void> {
  const found: FoundText[] = [];
  const constants: { name: string; value: SyntaxNode }[] = [];
  for (const node of everySyntaxNode(root)) {
    found.push(...textsAt(reader, node));
    const constant = definition(reader, node);
    if (constant !== undefined) constants.push(constant);
  }
  yield* found;
  yield* named(reader, constants, found);
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
      yield* template(reader, content);
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
  const role = roleOf(reader, properties.get('role'));
  if (role !== undefined) {
    const content = contentOf(reader, properties.get('content') ?? properties.get('parts'));
    if (content !== undefined) yield { ...content, ...(role === 'developer' ? { role } : {}) };
  }
  const callee = calleeOf(reader, object);
  for (const [name, value] of properties) {
    const isPrompt =
      isSystemOption(name) ||
      (callee !== undefined &&
        ((name === 'system' && takesSystem(callee)) || (name === 'instructions' && takesInstructions(callee))));
    const content = isPrompt ? contentOf(reader, value) : undefined;
    if (content !== undefined) yield content;
  }
}

/** What is called with this object as an argument. */
function calleeOf(reader: JavaScriptReader, object: SyntaxNode): string | undefined {
  const call = object.parent?.name === 'ArgList' ? object.parent.parent : null;
  const callee = call?.name === 'NewExpression' ? call.firstChild?.nextSibling : call?.firstChild;
  return callee ? reader.raw(callee) : undefined;
}

/** A string, a list of text parts, or `{ parts: [...] }` of Gemini; `property` follows an identifier to its text. */
function contentOf(reader: JavaScriptReader, node: SyntaxNode | undefined): Content | undefined {
  if (node === undefined || node.name === 'PropertyDefinition') return undefined;
  const text = textAt(reader, node);
  if (text !== undefined) return text;
  if (node.name === 'ArrayExpression')
    return oneContent(operands(node).flatMap((item) => contentOf(reader, item) ?? []));
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
    const content = contentOf(reader, first);
    if (content !== undefined) yield content;
  } else if (name.endsWith('SystemMessagePromptTemplate.fromTemplate')) {
    yield* template(reader, first);
  } else if (name.endsWith('LanguageModelChatMessage.User')) {
    // The editor's interface has no system role: the first user message takes its place.
    const content = textAt(reader, first);
    if (content !== undefined && content.mapped.text.length >= leastConstantCharacters)
      yield { ...content, isLikely: true };
  } else if (
    name.endsWith('LanguageModelChatMessage') &&
    second !== undefined &&
    reader.raw(first).endsWith('System')
  ) {
    const content = textAt(reader, second);
    if (content !== undefined) yield content;
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
