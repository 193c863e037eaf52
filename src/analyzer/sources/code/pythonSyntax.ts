import type { SyntaxNode } from '@lezer/common';
import { operandsBut } from './syntax.ts';

const punctuation = new Set(['(', ')', '[', ']', ',', 'Comment']);
export const pythonOperands = operandsBut(punctuation);

/** What a function does nothing but return. */
export function returned(node: SyntaxNode): SyntaxNode | undefined {
  const [only, ...others] = node.getChild('Body')?.getChildren('ReturnStatement') ?? [];
  const value = others.length > 0 ? undefined : only?.firstChild?.nextSibling;
  return value ?? undefined;
}
