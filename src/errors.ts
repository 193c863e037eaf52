/** Stable codes of the failures that a user can do something about. */
export type HoldfastErrorCode =
  | 'invalid-settings'
  | 'nothing-to-protect'
  | 'protection-exceeds-budget'
  | 'file-unreadable'
  | 'file-unwritable'
  | 'file-changed'
  | 'no-prompts'
  | 'model-not-found'
  | 'model-download'
  | 'model-access'
  | 'model-verification'
  | 'model-foreign'
  | 'disk-space'
  | 'model-format'
  | 'unsupported-model'
  | 'chat-template'
  | 'prompt-too-long'
  | 'engine-exited'
  | 'engine-failed'
  | 'device-unavailable'
  | 'memory-limit';

/**
 * An expected failure: the message says what happened and where, `hint` says what to do next. Faces print both without a
 * stack. Anything that is not a `HoldfastError` (or an abort) is a bug and keeps its stack.
 */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';

  constructor(
    readonly code: HoldfastErrorCode,
    message: string,
    readonly hint?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** True for the reason of an aborted signal, however it travelled. */
export function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
