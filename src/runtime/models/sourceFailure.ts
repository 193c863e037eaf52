/** Why a source gave no model: not reached, not allowed, reached with other content, or no room for what it would give. */
export type SourceFailureKind = 'unreachable' | 'access' | 'content' | 'space';

/** One source did not work out; the next one is tried, and all failures are told together at the end. */
export class SourceFailure extends Error {
  override readonly name = 'SourceFailure';

  constructor(
    readonly kind: SourceFailureKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
