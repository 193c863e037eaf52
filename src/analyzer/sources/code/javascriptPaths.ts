import type { SyntaxNode } from '@lezer/common';
import { operands } from './javascriptSyntax.ts';
import type { JavaScriptReader } from './javascriptText.ts';

/** The path of a call that reads a file as text: `readFileSync(...)`, `Deno.readTextFile(...)`, `Bun.file(...).text()`. */
export function pathRead(reader: JavaScriptReader, node: SyntaxNode): string | undefined {
  const callee = node.name === 'CallExpression' ? node.firstChild : null;
  const list = node.getChild('ArgList');
  if (callee === null || list === null) return undefined;
  const name = reader.raw(callee);
  if (/(?:^|\.)(?:readFileSync|readFile|readTextFileSync|readTextFile)$/.test(name))
    return pathOf(reader, operands(list)[0]);
  const opened = /^Bun\.file\([^()]*\)\.text$/.test(name) ? callee.firstChild?.getChild('ArgList') : undefined;
  return opened ? pathOf(reader, operands(opened)[0]) : undefined;
}

/** A path made of literals and of the folder of the file or of the program. */
function pathOf(reader: JavaScriptReader, node: SyntaxNode | undefined): string | undefined {
  switch (node?.name) {
    case 'String':
      return reader.textOf(node)?.text;
    case 'TemplateString': {
      const raw = reader.raw(node).slice(1, -1);
      const path = raw.replace(/^\$\{([^{}]*)\}\//, (whole, at: string) => (isFolder(at) ? '' : whole));
      return /[$\\]/.test(path) ? undefined : path;
    }
    case 'VariableName': {
      const value = reader.definitionOf(reader.raw(node));
      return value?.name === 'VariableName' ? undefined : pathOf(reader, value);
    }
    case 'NewExpression':
    case 'CallExpression': {
      const callee = node.name === 'NewExpression' ? node.firstChild?.nextSibling : node.firstChild;
      const list = node.getChild('ArgList');
      return callee && list ? calledPath(reader, reader.raw(callee), operands(list)) : undefined;
    }
    default:
      return undefined;
  }
}

function calledPath(reader: JavaScriptReader, callee: string, values: readonly SyntaxNode[]): string | undefined {
  if (callee === 'URL' || callee.endsWith('fileURLToPath')) return pathOf(reader, values[0]);
  if (!/(?:^|\.)(?:join|resolve)$/.test(callee)) return undefined;
  const parts = values.map((value) => (isFolder(reader.raw(value)) ? '' : pathOf(reader, value)));
  return parts.includes(undefined) ? undefined : parts.filter((part) => part !== '').join('/');
}

/** The folder of the file or of the program, from which paths are joined. */
const isFolder = (raw: string): boolean =>
  /^(?:__dirname|import\.meta\.dirname|process\.cwd\(\)|(?:path\.)?dirname\(.*\))$/.test(raw);

const endings = ['.ts', '.tsx', '.js', '.jsx', '.mts', '.mjs', '/index.ts', '/index.tsx', '/index.js'];

/** Where a module may lie, relative to the file that imports it. Packages and aliases are not looked for. */
export function javaScriptModulePaths(module: string): string[] {
  const name = module.replace(/\?.*$/, '');
  if (!/^\.{1,2}\//.test(name)) return [];
  if (!/\.[cm]?[jt]sx?$/.test(name)) return endings.map((ending) => name.replace(/\/$/, '') + ending);
  // TypeScript imports by the name that the compiled file will have.
  return [...new Set([name.replace(/\.([cm]?)js(x?)$/, '.$1ts$2'), name])];
}
