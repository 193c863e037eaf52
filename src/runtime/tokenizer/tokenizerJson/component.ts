import { z } from 'zod';
import { HoldfastError } from '../../../errors.ts';
import { onigurumaPattern } from '../onigurumaPattern.ts';

/** A step of a `tokenizer.json`: what it is, and options that depend on that. */
export const component = z.looseObject({ type: z.string() });
export type Component = z.infer<typeof component>;

/** What a step looks for: a text as it is, or a regular expression. */
export const pattern = z.union([z.object({ String: z.string().min(1) }), z.object({ Regex: z.string() })]);

export function compilePattern(looked: z.infer<typeof pattern>): RegExp {
  if ('Regex' in looked) return onigurumaPattern(looked.Regex);
  return new RegExp(looked.String.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'g');
}

/** Options of a step. @throws HoldfastError `model-format` when they are not what a step of that type has. */
export function optionsOf<T>(step: Component, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(step);
  if (parsed.success) return parsed.data;
  throw damaged(`its ${step.type} step: ${z.prettifyError(parsed.error)}`);
}

export function damaged(what: string): HoldfastError {
  return new HoldfastError(
    'model-format',
    `The model's tokenizer.json is not as it should be: ${what}`,
    'Download the file again, or use a GGUF file of the same model.',
  );
}

export function unsupported(what: string): HoldfastError {
  return new HoldfastError(
    'unsupported-model',
    `The model's tokenizer.json ${what}, which is not supported here.`,
    'Use a GGUF file of the same model, or another model.',
  );
}
