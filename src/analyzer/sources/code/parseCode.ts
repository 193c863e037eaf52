import type { Parser, SyntaxNode } from '@lezer/common';

/** A parse in progress. `recovering` counts down after a syntax error; the parser has it and does not declare it. */
type Recovering = ReturnType<Parser['startParse']> & { readonly recovering?: number };

/**
 * Steps of recovery from syntax errors before a file is given up: each takes up to a millisecond where ordinary code takes
 * 2 µs per character, and a megabyte that is no code would take half a minute. Of 3,000 files of packages and of Python's
 * library, the worst took 198.
 */
const mostRecoverySteps = 500;

/** The tree of a file of code, tolerant of errors; undefined for what is hardly code. */
export function parseCode(parser: Parser, text: string): SyntaxNode | undefined {
  const parse: Recovering = parser.startParse(text);
  let recoverySteps = 0;
  for (;;) {
    const tree = parse.advance();
    if (tree !== null) return tree.topNode;
    if ((parse.recovering ?? 0) > 0 && ++recoverySteps > mostRecoverySteps) return undefined;
  }
}

export const hardlyCode = { prompts: [], reason: 'it has too many syntax errors' } as const;
