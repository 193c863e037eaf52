import { HoldfastError, isAbortError } from '../errors.ts';

/** What a user reads of an error, with a line break at the end: message and next step, or the stack of a bug. */
export function describeError(error: unknown): string {
  if (error instanceof HoldfastError) {
    return `holdfast: ${error.message}\n${error.hint === undefined ? '' : `${error.hint}\n`}`;
  }
  if (isAbortError(error)) return 'Cancelled: nothing was measured.\n';
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `holdfast: unexpected error. Please report it with these lines:\n${stack}\n`;
}
