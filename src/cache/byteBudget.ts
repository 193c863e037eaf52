import { HoldfastError } from '../errors.ts';
import { expressionSchema } from './expression.ts';

/** A size that caches are compared at: a share of the uncompressed cache in 16 bits, or a number of bytes. */
export type ByteBudget =
  { readonly kind: 'fraction'; readonly fraction: number } | { readonly kind: 'absolute'; readonly bytes: number };

const units: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/**
 * A budget as a user writes it: `25%`, or `12MB`, `512KiB`, `40000B`. A bare number is refused, because it could be either.
 *
 * @throws HoldfastError `invalid-settings`.
 */
export function parseByteBudget(text: string): ByteBudget {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?|\.\d+)\s*(%|[kmg]?i?b)$/i.exec(text.trim()) ?? [];
  const amount = Number(digits);
  const factor = unit === '%' ? 0.01 : units[unit.toLowerCase()];
  if (digits === '' || factor === undefined || amount === 0) {
    throw new HoldfastError(
      'invalid-settings',
      `"${text}" is not a size to compare caches at.`,
      'Write a share of the full cache such as 25%, or a size such as 12MB.',
    );
  }
  if (unit !== '%') return { kind: 'absolute', bytes: amount * factor };
  if (amount > 100) {
    throw new HoldfastError(
      'invalid-settings',
      `${amount} % is more than the full cache.`,
      'Write a share of at most 100%.',
    );
  }
  return { kind: 'fraction', fraction: amount / 100 };
}

/** Accepts what `parseByteBudget` accepts, and says what is wrong otherwise. */
export const byteBudgetText = expressionSchema(parseByteBudget).describe('sizes such as `25%`, `512KiB`, `2MB`');

/** The whole bytes of a budget for a cache that takes `fullBytes` uncompressed; never more than that. */
export function budgetBytes(budget: ByteBudget, fullBytes: number): number {
  const bytes = budget.kind === 'fraction' ? budget.fraction * fullBytes : budget.bytes;
  return Math.min(fullBytes, Math.floor(bytes * (1 + 2 ** -50))); // 29 % of 100 is 28.999999999999996 in doubles
}
