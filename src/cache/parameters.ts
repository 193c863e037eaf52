import type { z } from 'zod';
import { HoldfastError } from '../errors.ts';
import type { ParameterValue } from './policies/policy.ts';

/** Named parameters of a policy, wrapper, format or protection. */
export type Parameters = z.ZodObject;

/** Parameters of unknown origin, with defaults. @throws HoldfastError `invalid-settings` that names every wrong one. */
export function parsedParameters<P extends Parameters>(id: string, schema: P, given: unknown): z.output<P> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.join('.')}${path.length > 0 ? ': ' : ''}${message}`,
  );
  const known = Object.keys(schema.shape);
  throw new HoldfastError(
    'invalid-settings',
    `Parameters of ${id}: ${problems.join('; ')}.`,
    known.length === 0 ? `${id} has no parameters.` : `Parameters of ${id}: ${known.join(', ')}.`,
  );
}

type Shown = Readonly<Record<string, ParameterValue>>;

/** Parameters without those that were not given and have no default. */
export const shown = (parameters: Record<string, unknown>): Shown =>
  Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined)) as Shown;

/** The parameters that differ from their defaults. */
export function nonDefault(schema: Parameters, parameters: Record<string, unknown>): Shown {
  const entries = Object.entries(shown(parameters)).filter(([name, value]) => {
    const standard = defaultOf(schema, name);
    return JSON.stringify(standard) !== JSON.stringify(value);
  });
  return Object.fromEntries(entries);
}

/** The default of a parameter; undefined for one that has to be given, or may be left out. */
export function defaultOf(schema: Parameters, name: string): ParameterValue | undefined {
  const result = (schema.shape[name] as z.ZodType).safeParse(undefined);
  return result.success ? (result.data as ParameterValue | undefined) : undefined;
}

const written = (value: ParameterValue): string => (typeof value === 'object' ? value.join(':') : String(value));

const assignments = (parameters: Shown): string[] =>
  Object.entries(parameters).map(([name, value]) => `${name}=${written(value)}`);

/** How a name with these parameters is written, around these expressions: `adakv(snapkv,alpha=0.3)`. */
export function expressionOf(id: string, changed: Shown, bases: readonly string[] = []): string {
  const parts = [...bases, ...assignments(changed)];
  return parts.length === 0 ? id : `${id}(${parts.join(',')})`;
}

/** A title with parameters: `SnapKV window 64`. */
export const withParameters = (title: string, changed: Shown): string =>
  [title, ...Object.entries(changed).map(([name, value]) => `${name} ${written(value)}`)].join(' ');
