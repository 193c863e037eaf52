import type { SyntaxNode } from '@lezer/common';
import type { PromptSource } from '../promptSource.ts';
import { promptsFrom, type FoundText } from '../promptsFrom.ts';
import { inFileOrder, named, oneContent, roleOf, template, textAt, type Content } from './content.ts';
import { codeHint, isSystemOption, takesInstructions, takesSystem } from './promptNames.ts';
import { assignment, openPython } from './pythonModule.ts';
import { pythonOperands } from './pythonSyntax.ts';
import type { PythonReader } from './pythonText.ts';
import { hardlyCode } from './parseCode.ts';
import { childrenOf, collectWithReferences, everySyntaxNode } from './syntax.ts';

/** Prompts as strings in Python: messages, arguments of model calls and agents, decorated functions, constants. */
export const python: PromptSource = {
  id: 'python',
  title: 'Python',
  patterns: ['**/*.py'],
  isScan: true,
  hint: codeHint,
  extract: async (file, options) => {
    const none = 'it holds no string that is a system prompt';
    if (!codeHint.test(file.text)) return { prompts: [], reason: none };
    const { parser } = await import('@lezer/python');
    const opened = openPython(file, options, parser);
    if (opened === undefined) return hardlyCode;
    const { reader, root } = opened;
    const found = await collectWithReferences(reader, () => [...textsIn(reader, root)]);
    return promptsFrom(file, 'python', inFileOrder(reader, found), none);
  },
};

function* textsIn(reader: PythonReader, root: SyntaxNode): Generator<FoundText, void, void> {
  const found: FoundText[] = [];
  const constants: { name: string; value: SyntaxNode }[] = [];
  for (const node of everySyntaxNode(root)) {
    found.push(...textsAt(reader, node));
    const { target, value } = assignment(reader, node) ?? {};
    if (target === undefined || value === undefined) continue;
    const name = reader.raw(target);
    constants.push({ name: name.slice(name.lastIndexOf('.') + 1), value });
  }
  yield* found;
  yield* named(reader, constants, found);
}

function* textsAt(reader: PythonReader, node: SyntaxNode): Generator<FoundText, void, void> {
  switch (node.name) {
    case 'DictionaryExpression':
      yield* roleTexts(reader, dictionaryOf(reader, node));
      break;
    case 'TupleExpression': {
      const [role, content, ...rest] = pythonOperands(node);
      if (role?.name !== 'String' || content === undefined || rest.length > 0) break;
      if (reader.textOf(role)?.text !== 'system') break;
      yield* template(reader, content);
      break;
    }
    case 'CallExpression':
      yield* callTexts(reader, node);
      break;
    case 'DecoratedStatement':
      yield* decoratedTexts(reader, node);
  }
}

function dictionaryOf(reader: PythonReader, node: SyntaxNode): Map<string, SyntaxNode> {
  const entries = new Map<string, SyntaxNode>();
  const parts = [...childrenOf(node)].filter(({ name }) => name !== '{' && name !== '}' && name !== 'Comment');
  for (let i = 0; i + 2 < parts.length; i++) {
    const [key, colon, value] = [parts[i], parts[i + 1], parts[i + 2]];
    if (key?.name === 'String' && colon?.name === ':' && value !== undefined)
      entries.set(reader.textOf(key)?.text ?? '', value);
  }
  return entries;
}

/** Keyword arguments of a call, and the others in order. */
function argumentsOf(reader: PythonReader, list: SyntaxNode): { named: Map<string, SyntaxNode>; rest: SyntaxNode[] } {
  const named = new Map<string, SyntaxNode>();
  const rest: SyntaxNode[] = [];
  const parts = pythonOperands(list);
  for (let i = 0; i < parts.length; i++) {
    const value = parts[i + 2];
    if (parts[i + 1]?.name === 'AssignOp' && value !== undefined) {
      named.set(reader.raw(parts[i]!), value);
      i += 2;
    } else rest.push(parts[i]!);
  }
  return { named, rest };
}

function* roleTexts(reader: PythonReader, entries: ReadonlyMap<string, SyntaxNode>): Generator<FoundText, void, void> {
  const role = roleOf(reader, entries.get('role'));
  if (role !== undefined) {
    const content = contentOf(reader, entries.get('content') ?? entries.get('parts'));
    if (content !== undefined) yield { ...content, ...(role === 'developer' ? { role } : {}) };
  }
  for (const [name, value] of entries) {
    const content = isSystemOption(name) ? contentOf(reader, value) : undefined;
    if (content !== undefined) yield content;
  }
}

function contentOf(reader: PythonReader, node: SyntaxNode | undefined): Content | undefined {
  if (node === undefined) return undefined;
  const text = textAt(reader, node);
  if (text !== undefined) return text;
  if (node.name === 'ArrayExpression')
    return oneContent(pythonOperands(node).flatMap((item) => contentOf(reader, item) ?? []));
  if (node.name === 'DictionaryExpression') {
    const entries = dictionaryOf(reader, node);
    return contentOf(reader, entries.get('text') ?? entries.get('parts'));
  }
  const list = node.name === 'CallExpression' ? node.getChild('ArgList') : null;
  return list === null ? undefined : contentOf(reader, argumentsOf(reader, list).named.get('text'));
}

function* callTexts(reader: PythonReader, node: SyntaxNode): Generator<FoundText, void, void> {
  const [callee, list] = childrenOf(node);
  if (callee === undefined || list?.name !== 'ArgList') return;
  const name = reader.raw(callee);
  const { named: keywords, rest } = argumentsOf(reader, list);
  if (
    /(?:^|\.)(?:SystemMessage|SystemMessagePromptTemplate\.from_template|from_system|add_system_message|ChatHistory|AddSystemMessage)$/.test(
      name,
    )
  ) {
    const value = keywords.get('content') ?? keywords.get('template') ?? keywords.get('system_message') ?? rest[0];
    if (name.endsWith('from_template') && value !== undefined) yield* template(reader, value);
    else {
      const content = contentOf(reader, value);
      if (content !== undefined) yield content;
    }
    return;
  }
  yield* roleTexts(reader, keywords);
  for (const [key, value] of keywords) {
    const isPrompt = (key === 'system' && takesSystem(name)) || (key === 'instructions' && takesInstructions(name));
    const content = isPrompt ? contentOf(reader, value) : undefined;
    if (content !== undefined) yield content;
  }
}

/** PydanticAI: what a function decorated with `@agent.system_prompt` or `@agent.instructions` returns. */
function* decoratedTexts(reader: PythonReader, node: SyntaxNode): Generator<FoundText, void, void> {
  const isPrompt = node
    .getChildren('Decorator')
    .some((each) => /\.(?:system_prompt|instructions)\b/.test(reader.raw(each)));
  if (!isPrompt) return;
  for (const inner of everySyntaxNode(node)) {
    const value = inner.name === 'ReturnStatement' ? inner.firstChild?.nextSibling : undefined;
    const content = value ? textAt(reader, value) : undefined;
    if (content !== undefined) yield content;
  }
}
