import type { Parser, SyntaxNode } from '@lezer/common';
import type { ExtractionOptions, SourceFile } from '../promptSource.ts';
import { parseCode } from './parseCode.ts';
import { PythonReader } from './pythonText.ts';
import { childrenOf, everySyntaxNode } from './syntax.ts';

/** A file of Python with what its statements define; undefined when it is hardly code. */
export function openPython(
  file: SourceFile,
  options: ExtractionOptions,
  parser: Parser,
): { readonly reader: PythonReader; readonly root: SyntaxNode } | undefined {
  const root = parseCode(parser, file.text);
  if (root === undefined) return undefined;
  const reader = new PythonReader(file, options, (other) => openPython(other, options, parser)?.reader);
  for (const node of everySyntaxNode(root)) {
    const { target, value } = assignment(reader, node) ?? {};
    if (target?.name === 'VariableName' && value !== undefined) reader.define(reader.raw(target), value);
    else if (node.name === 'FunctionDefinition') {
      const name = node.getChild('VariableName');
      if (name !== null) reader.define(reader.raw(name), node);
    } else if (node.name === 'WithStatement') learnWith(reader, node);
    else if (node.name === 'ImportStatement') learnImport(reader, node);
  }
  return { reader, root };
}

/** `name = value`, `name: str = value`, `self.name = value`. */
export function assignment(
  reader: PythonReader,
  node: SyntaxNode,
): { readonly target: SyntaxNode; readonly value: SyntaxNode } | undefined {
  if (node.name !== 'AssignStatement') return undefined;
  const [target, ...rest] = childrenOf(node);
  const value = rest.at(-1);
  const isAssigned = rest.some((each) => each.name === 'AssignOp' && reader.raw(each) === '=');
  return target === undefined || value === undefined || !isAssigned ? undefined : { target, value };
}

/** `with open(...) as name`. */
function learnWith(reader: PythonReader, node: SyntaxNode): void {
  const parts = [...childrenOf(node)];
  for (const [index, part] of parts.entries()) {
    const [value, name] = [parts[index - 1], parts[index + 1]];
    if (part.name === 'as' && value !== undefined && name?.name === 'VariableName')
      reader.define(reader.raw(name), value);
  }
}

/** `from a.b import c as d`, `from . import a`, `import a.b as c`. */
function learnImport(reader: PythonReader, node: SyntaxNode): void {
  const words = [...childrenOf(node)].filter(({ name }) => !/^[(),]$/.test(name) && name !== 'Comment');
  const from = words.findIndex(({ name }) => name === 'from');
  const at = words.findIndex(({ name }) => name === 'import');
  if (at < 0) return;
  const module =
    from < 0
      ? undefined
      : words
          .slice(from + 1, at)
          .map((word) => reader.raw(word))
          .join('');
  let name = '';
  let local = '';
  const add = (): void => {
    if (local === '') return;
    if (module === undefined) reader.importModule(local, name);
    else {
      reader.importName(local, { kind: 'constant', module, name });
      // The name may be a module of a package as well.
      reader.importModule(local, `${module}${module.endsWith('.') ? '' : '.'}${name}`);
    }
  };
  for (const [index, word] of words.slice(at + 1).entries()) {
    const previous = words[at + index];
    if (word.name === 'as') continue;
    if (previous?.name === 'as') local = reader.raw(word);
    else if (word.name === '.' || previous?.name === '.') {
      name += reader.raw(word);
      local = name;
    } else {
      add();
      name = reader.raw(word);
      local = name;
    }
  }
  add();
}
