import type { MappedText } from '../../prompt.ts';
import type { SourceFile } from '../promptSource.ts';

/** A text that code refers to and another file holds: a file that it reads as text, or a constant of a module. */
export type Reference =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'constant'; readonly module: string; readonly name: string };

/** A text in the positions of the file that holds it. */
export interface ForeignText {
  readonly mapped: MappedText;
  readonly file: SourceFile;
}

/** Modules on the way from a file to a constant; longer chains are not followed. */
export const mostModules = 5;

export const keyOf = (reference: Reference): string => JSON.stringify(reference);
