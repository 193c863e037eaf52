import type { SyntaxNode } from '@lezer/common';
import { pythonOperands } from './pythonSyntax.ts';
import type { PythonReader } from './pythonText.ts';

/**
 * The path of a call that reads a file as text: `open(...).read()`, `Path(...).read_text()`, and `f.read()` where
 * `with open(...) as f` says what `f` is.
 */
export function pathRead(reader: PythonReader, node: SyntaxNode): string | undefined {
  const callee = node.name === 'CallExpression' ? node.firstChild : null;
  const target = callee?.name === 'MemberExpression' ? callee.firstChild : null;
  const method = !callee?.lastChild ? '' : reader.raw(callee.lastChild);
  if (target === null || (method !== 'read' && method !== 'read_text')) return undefined;
  if (method === 'read_text') return pathOf(reader, target);
  const opened = target.name === 'VariableName' ? reader.definitionOf(reader.raw(target)) : target;
  const list = opened?.name === 'CallExpression' ? opened.getChild('ArgList') : null;
  if (list === null || !opened?.firstChild) return undefined;
  const name = reader.raw(opened.firstChild);
  if (/^(?:(?:io|codecs)\.)?open$/.test(name)) return pathOf(reader, pythonOperands(list)[0]);
  // Path("a.md").open()
  const isOpened = opened.firstChild.name === 'MemberExpression' && name.endsWith('.open');
  return isOpened ? pathOf(reader, opened.firstChild.firstChild ?? undefined) : undefined;
}

/** Definitions that are followed from one to the next. */
const mostSteps = 10;

/**
 * A path made of literals and of the folder of the file or of the program; that folder is the empty path, because the file is
 * looked for in the folders above as well.
 */
function pathOf(reader: PythonReader, node: SyntaxNode | undefined | null, steps = 0): string | undefined {
  if (!node || steps > mostSteps) return undefined;
  const inner = (each: SyntaxNode | undefined | null): string | undefined => pathOf(reader, each, steps + 1);
  switch (node.name) {
    case 'String':
      return reader.textOf(node)?.text;
    case 'ParenthesizedExpression':
      return inner(pythonOperands(node)[0]);
    case 'VariableName':
      return reader.raw(node) === '__file__' ? '' : inner(reader.definitionOf(reader.raw(node)));
    case 'BinaryExpression': {
      const [left, operator, right] = pythonOperands(node);
      return operator !== undefined && reader.raw(operator) === '/' ? joined([inner(left), inner(right)]) : undefined;
    }
    case 'MemberExpression': // .parent, .parents[1]
      return inner(node.firstChild) === '' ? '' : undefined;
    case 'CallExpression': {
      const list = node.getChild('ArgList');
      const callee = node.firstChild;
      if (callee === null || list === null) return undefined;
      const values = pythonOperands(list).map(inner);
      const name = reader.raw(callee);
      if (/(?:^|\.)(?:cwd|getcwd)$/.test(name)) return '';
      if (/^(?:(?:pathlib\.)?(?:Pure)?Path|str|(?:os\.)?path\.join)$/.test(name)) return joined(values);
      if (/^(?:os\.)?path\.(?:dirname|abspath|realpath)$/.test(name)) return values[0] === '' ? '' : undefined;
      const isMethod = callee.name === 'MemberExpression' && /\.(?:joinpath|resolve|absolute|expanduser)$/.test(name);
      return isMethod ? joined([inner(callee.firstChild), ...values]) : undefined;
    }
    default:
      return undefined;
  }
}

function joined(parts: readonly (string | undefined)[]): string | undefined {
  return parts.includes(undefined) ? undefined : parts.filter((part) => part !== '').join('/');
}

/** Where a module may lie: `.a.b` below the file's folder, `a.b` below some folder above. */
export function pythonModulePaths(module: string): { paths: string[]; isUpwards: boolean } {
  const dots = /^\.*/.exec(module)![0].length;
  const below = module.slice(dots).replaceAll('.', '/');
  const folder = dots <= 1 ? '' : '../'.repeat(dots - 1);
  const paths = below === '' ? [`${folder}__init__.py`] : [`${folder}${below}.py`, `${folder}${below}/__init__.py`];
  return { paths, isUpwards: dots === 0 };
}
