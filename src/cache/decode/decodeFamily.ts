import type { z } from 'zod';
import { HoldfastError } from '../../errors.ts';
import { parsedParameters } from '../parameters.ts';
import type { Paper, Policy } from '../policies/policy.ts';
import type { DecodePolicy } from './decodePolicy.ts';

interface Described {
  readonly id: string;
  readonly title: string;
  readonly paper: Paper;
  /** What goes, and when. Plain text. */
  readonly formula: string;
}

type DecodeBody = Omit<DecodePolicy, 'id' | 'title' | 'paper'>;

/** A policy that evicts while the model generates, before its parameters are chosen. */
export interface DecodeFamily extends Described {
  readonly schema: z.ZodObject;
  /** Drops what a policy scores lowest, so that one has to be named. */
  readonly takesBase: boolean;
  /** `expression` is what named it. @throws HoldfastError `invalid-settings` for parameters outside their bounds. */
  create(expression: string, given: unknown, base?: Policy): DecodePolicy;
}

export function defineDecode<S extends z.ZodObject>(
  definition: Described & { readonly schema: S; readonly create: (parameters: z.output<S>) => DecodeBody },
): DecodeFamily {
  const { create, ...family } = definition;
  return {
    ...family,
    takesBase: false,
    create: (expression, given) => named(family, expression, create(parsedParameters(family.id, family.schema, given))),
  };
}

/** One that evicts by the scores of a policy. */
export function defineDecodeOf<S extends z.ZodObject>(
  definition: Described & {
    readonly schema: S;
    /** Why this policy cannot be used while generating, if so. */
    readonly refuses: (base: Policy) => string | undefined;
    readonly create: (base: Policy, parameters: z.output<S>) => DecodeBody;
  },
): DecodeFamily {
  const { create, refuses, ...family } = definition;
  return {
    ...family,
    takesBase: true,
    create(expression, given, base) {
      if (base === undefined) {
        throw new HoldfastError(
          'invalid-settings',
          `${family.id} drops what a policy scores lowest, and "${expression}" names none.`,
          `For example: ${family.id}(knorm).`,
        );
      }
      const refusal = refuses(base);
      if (refusal !== undefined)
        throw new HoldfastError('invalid-settings', refusal, 'Policies that read keys and values only can be used.');
      const body = create(base, parsedParameters(family.id, family.schema, given));
      return named({ ...family, title: `${family.title} (${base.title})` }, expression, body);
    },
  };
}

const named = ({ title, paper }: Described, expression: string, body: DecodeBody): DecodePolicy => ({
  ...body,
  id: expression.replaceAll(' ', ''),
  title,
  paper,
});
