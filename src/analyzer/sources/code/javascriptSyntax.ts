import type { SyntaxNode } from '@lezer/common';
import { operandsBut } from './syntax.ts';

const punctuation = new Set(['(', ')', '[', ']', ',', 'LineComment', 'BlockComment']);
export const operands = operandsBut(punctuation);

/** `x as T`, `x satisfies T`, `x ?? y` and `x || y` are x. */
export const isCast = ({ name }: SyntaxNode, raw: string): boolean =>
  name === 'as' || name === 'satisfies' || /^(?:\?\?|\|\|)$/.test(raw);

export const isFunction = ({ name }: SyntaxNode): boolean =>
  name === 'ArrowFunction' || name === 'FunctionDeclaration' || name === 'FunctionExpression';

/** What a function does nothing but return. */
export function returned(node: SyntaxNode): SyntaxNode | undefined {
  const body = node.lastChild;
  if (body === null) return undefined;
  if (body.name !== 'Block') return node.name === 'ArrowFunction' ? body : undefined;
  const [only, ...others] = body.getChildren('ReturnStatement');
  if (only === undefined || others.length > 0) return undefined;
  return operands(only).find(({ name }) => name !== 'return' && name !== ';');
}
