import type { Parser, SyntaxNode } from '@lezer/common';
import type { ExtractionOptions, SourceFile } from '../promptSource.ts';
import { JavaScriptReader } from './javascriptText.ts';
import { parseCode } from './parseCode.ts';
import { childrenOf, everySyntaxNode } from './syntax.ts';

/** The parser for a file's dialect. */
export type ParserOf = (uri: string) => Parser;

/** A file of TypeScript or JavaScript with what its statements define; undefined when it is hardly code. */
export function openJavaScript(
  file: SourceFile,
  options: ExtractionOptions,
  parserOf: ParserOf,
): { readonly reader: JavaScriptReader; readonly root: SyntaxNode } | undefined {
  const root = parseCode(parserOf(file.uri), file.text);
  if (root === undefined) return undefined;
  const reader = new JavaScriptReader(file, options, (other) => openJavaScript(other, options, parserOf)?.reader);
  const exports: SyntaxNode[] = [];
  for (const node of everySyntaxNode(root)) {
    const constant = definition(reader, node);
    if (constant !== undefined) reader.define(constant.name, constant.value);
    else if (node.name === 'FunctionDeclaration') learnFunction(reader, node);
    else if (node.name === 'ImportDeclaration') learnImport(reader, node);
    else if (node.name === 'ExportDeclaration') exports.push(node);
  }
  // What is passed on under another name is defined by now.
  for (const node of exports) learnExport(reader, node);
  return { reader, root };
}

/** `const NAME = value`, `static NAME = value`. */
export function definition(
  reader: JavaScriptReader,
  node: SyntaxNode,
): { readonly name: string; readonly value: SyntaxNode } | undefined {
  if (node.name !== 'VariableDefinition' && node.name !== 'PropertyDefinition') return undefined;
  const isVariable = node.parent?.name === 'VariableDeclaration';
  if (!isVariable && node.parent?.name !== 'PropertyDeclaration') return undefined;
  let next = node.nextSibling;
  while (next !== null && (next.name === 'TypeAnnotation' || next.name === 'Optional')) next = next.nextSibling;
  const value = next?.name === 'Equals' ? next.nextSibling : null;
  return value === null ? undefined : { name: reader.raw(node), value };
}

function learnFunction(reader: JavaScriptReader, node: SyntaxNode): void {
  const name = node.getChild('VariableDefinition');
  if (name !== null) reader.define(reader.raw(name), node);
}

/** Files that bundlers import as text. */
const textModule = /\.(?:md|mdc|markdown|txt|prompt|j2|jinja2?|hbs)$/i;

function learnImport(reader: JavaScriptReader, node: SyntaxNode): void {
  const module = moduleOf(reader, node);
  if (module === undefined) return;
  const whole = node.getChild('VariableDefinition');
  const [path, query] = module.split('?') as [string, string | undefined];
  if (whole !== null) {
    const local = reader.raw(whole);
    if (node.getChild('Star') !== null) reader.importModule(local, module);
    else if (query === 'raw' || textModule.test(path)) reader.importName(local, { kind: 'file', path });
    else reader.importName(local, { kind: 'constant', module, name: 'default' });
  }
  for (const [name, local] of namesOf(reader, node.getChild('ImportGroup')))
    reader.importName(local, { kind: 'constant', module, name });
}

function learnExport(reader: JavaScriptReader, node: SyntaxNode): void {
  const module = moduleOf(reader, node);
  const names = namesOf(reader, node.getChild('ExportGroup'));
  if (module !== undefined) {
    if (node.getChild('Star') !== null) reader.passOn(module);
    for (const [name, exported] of names) reader.importName(exported, { kind: 'constant', module, name });
    return;
  }
  const value = node.getChild('default')?.nextSibling;
  if (value) reader.define('default', value);
  for (const [name, exported] of names) {
    const defined = name === exported ? undefined : reader.definitionOf(name);
    if (defined !== undefined) reader.define(exported, defined);
  }
}

function moduleOf(reader: JavaScriptReader, node: SyntaxNode): string | undefined {
  const from = node.getChild('String');
  // `export default 'text'` is no module.
  return from === null || node.getChild('from') === null ? undefined : reader.textOf(from)?.text;
}

/** The names of `{ a, b as c }`: as the module says, and as they are called here. */
function namesOf(reader: JavaScriptReader, group: SyntaxNode | null): (readonly [name: string, local: string])[] {
  const names: [string, string][] = [];
  let isRenamed = false;
  for (const child of group === null ? [] : childrenOf(group)) {
    if (child.name === 'as') isRenamed = true;
    else if (/^Variable(?:Name|Definition)$/.test(child.name)) {
      if (isRenamed && names.length > 0) names.at(-1)![1] = reader.raw(child);
      else names.push([reader.raw(child), reader.raw(child)]);
      isRenamed = false;
    }
  }
  return names;
}
