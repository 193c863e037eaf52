import { HoldfastError } from '../../errors.ts';

const otherModel =
  'Use an instruction-tuned model whose chat template takes a system prompt, such as the default model.';

/** A `chat-template` failure: the template cannot be used for an audit. */
export function templateFailure(message: string, cause?: unknown, hint = otherModel): HoldfastError {
  return new HoldfastError('chat-template', message, hint, cause === undefined ? undefined : { cause });
}

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
