import { z } from 'zod';
import { HoldfastError } from '../../errors.ts';
import { expressionOf, nonDefault, parsedParameters, shown, withParameters, type Parameters } from '../parameters.ts';
import type { FairForm, FairSpan, Paper, Policy } from './policy.ts';

/** What documentation says about every policy and wrapper. */
interface Described {
  readonly id: string;
  readonly title: string;
  readonly paper: Paper;
  /** How an entry is scored or chosen; S tokens, n kept, w rows of a window. Plain text. */
  readonly formula: string;
  /** What it costs for one layer, given what it needs. */
  readonly cost: string;
}

type Name = Pick<Policy, 'id' | 'title' | 'paper' | 'parameters'>;

/** The part of a policy that its own file writes. */
export interface PolicyBody extends Omit<Policy, keyof Name | 'fair'> {
  /** What changes for a fair eviction. */
  readonly fair?: (
    spans: readonly FairSpan[],
    lambda?: number,
  ) => { readonly changes: Partial<Omit<PolicyBody, 'fair'>>; readonly shares: FairForm['shares'] };
}

/** A policy before its parameters are chosen. */
export interface PolicyFamily<P extends Parameters = Parameters> extends Described {
  readonly kind: 'policy';
  readonly schema: P;
  /** @throws HoldfastError `invalid-settings` for parameters outside their bounds. */
  with(parameters?: z.input<P>): Policy;
}

interface DescribedWrapper extends Described {
  /** One sentence that follows the base's summary. */
  readonly effect: string;
  /** What it reads besides what the base reads, in words. */
  readonly needs: string;
}

/** A function from policies to a policy. */
export interface WrapperFamily<P extends Parameters = Parameters> extends DescribedWrapper {
  readonly kind: 'wrapper';
  readonly schema: P;
  /** Policies that it wraps at least and at most. */
  readonly bases: readonly [min: number, max: number];
  /** @throws HoldfastError `invalid-settings` for parameters outside their bounds, or a base that cannot be wrapped. */
  around(bases: readonly Policy[], parameters?: z.input<P>): Policy;
}

export type Family = PolicyFamily | WrapperFamily;

export function definePolicy<P extends Parameters>(
  definition: Described & { readonly schema: P; readonly create: (parameters: z.output<P>) => PolicyBody },
): PolicyFamily<P> {
  const { create, ...family } = definition;
  return {
    ...family,
    kind: 'policy',
    with(given) {
      const parameters = parsedParameters(family.id, family.schema, given ?? {});
      const { id, title, paper } = family;
      const changed = nonDefault(family.schema, parameters);
      const { fair, ...body } = create(parameters);
      const policy: Policy = {
        ...body,
        id: expressionOf(id, changed),
        title: withParameters(title, changed),
        paper,
        parameters: shown(parameters),
      };
      if (fair === undefined) return policy;
      return {
        ...policy,
        fair(spans, lambda) {
          const { changes, shares } = fair(spans, lambda);
          return { policy: { ...policy, ...changes }, shares };
        },
      };
    },
  };
}

export function defineWrapper<P extends Parameters>(
  definition: DescribedWrapper & {
    readonly schema: P;
    readonly bases?: readonly [min: number, max: number];
    /** The base scores parts of a prefix, for which the spans of a fair eviction mean nothing. */
    readonly scoresParts?: boolean;
    /** Why these policies cannot be wrapped, if so. */
    readonly refuses?: (bases: readonly Policy[], parameters: z.output<P>) => string | undefined;
    readonly wrap: (
      base: Policy,
      parameters: z.output<P>,
      bases: readonly Policy[],
    ) => Partial<Omit<PolicyBody, 'fair' | 'summary'>>;
  },
): WrapperFamily<P> {
  const { wrap, refuses, bases: count = [1, 1], scoresParts = false, ...family } = definition;
  const { id, title, paper } = family;
  const around = (bases: readonly Policy[], parameters: z.output<P>): Policy => {
    const base = bases[0]!;
    const { fair, ...plain } = base;
    const changed = nonDefault(family.schema, parameters);
    const policy: Policy = {
      ...plain,
      ...wrap(base, parameters, bases),
      summary: `${base.summary} ${family.effect.replaceAll(/`(\w+)`/g, (_, name: string) => String(parameters[name]))}`,
      id: expressionOf(
        id,
        changed,
        bases.map((base) => base.id),
      ),
      title: `${withParameters(title, changed)} (${bases.map((each) => each.title).join(', ')})`,
      paper,
      parameters: shown(parameters),
    };
    if (fair === undefined || scoresParts) return policy;
    return {
      ...policy,
      fair(spans, lambda) {
        const form = fair(spans, lambda);
        return { ...form, policy: around([form.policy, ...bases.slice(1)], parameters) };
      },
    };
  };
  return {
    ...family,
    kind: 'wrapper',
    bases: count,
    around(bases, given) {
      const parameters = parsedParameters(id, family.schema, given ?? {});
      if (bases.length < count[0] || bases.length > count[1]) {
        const wanted = count[0] === count[1] ? `${count[0]}` : `${count[0]} or more`;
        throw new HoldfastError(
          'invalid-settings',
          `${id} wraps ${wanted} ${wanted === '1' ? 'policy' : 'policies'}, got ${bases.length}.`,
          `For example: ${id}(${['snapkv', 'knorm'].slice(0, count[0]).join(',')}).`,
        );
      }
      const refusal = refuses?.(bases, parameters);
      if (refusal !== undefined) throw new HoldfastError('invalid-settings', refusal);
      return around(bases, parameters);
    },
  };
}
