import { z } from 'zod';
import { HoldfastError } from '../errors.ts';
import {
  expressionSchema,
  parameterValues,
  parseCall,
  parsedOrUndefined,
  unknownName,
  type ExpressionKind,
} from './expression.ts';
import { importanceSplits } from './mikv/importanceTier.ts';
import { defaultImportanceRatio, parseMikvPrecision, tierNames, type MikvPrecision } from './mikv/mikvSettings.ts';
import { parsePolicy, policyOf, type PolicyId } from './policies/index.ts';
import { cacheFormatOf, formatFamilies } from './quantised/index.ts';
import type { CacheFormat } from './quantised/quantisedCache.ts';

/** A cache that keeps every entry, some or all at low precision. */
export type CacheSpec = MixedPrecisionSpec | QuantisedSpec;

interface Named {
  /** The expression that names it: `mikv(snapkv,low=int4)`, `llamacpp(keys=q4_0)`. */
  readonly id: string;
  /** The name that users read. */
  readonly title: string;
}

export interface MixedPrecisionSpec extends Named {
  readonly kind: 'mixed-precision';
  /** What chooses the importance tier; null: cumulative attention, as in the paper. */
  readonly policy: PolicyId | null;
  /** Share of the entries in the importance tier. */
  readonly importanceRatio: number;
  readonly precision: MikvPrecision;
  readonly split: (typeof importanceSplits)[number];
}

export interface QuantisedSpec extends Named {
  readonly kind: 'quantised';
  readonly format: CacheFormat;
}

const bitsOf = { fp16: 16, int8: 8, int4: 4, int3: 3, int2: 2 } as const;

/** Parameters of `mikv(...)`. */
export const mikvParameters = z.strictObject({
  importance: z
    .number()
    .min(0)
    .max(1)
    .default(defaultImportanceRatio)
    .describe('Share of the entries in the importance tier.'),
  high: z.enum(['fp16', 'int8', 'int4', 'int2']).default('fp16').describe('Precision of the importance tier.'),
  low: z.enum(['int4', 'int3', 'int2']).default('int2').describe('Precision of all other entries.'),
  balancer: z.boolean().default(true).describe('Balance the channels of quantised keys.'),
  split: z
    .enum(importanceSplits)
    .default('heavy')
    .describe('Whether half of the tier is reserved for the last tokens.'),
});

const cacheKind: ExpressionKind = {
  noun: 'cache',
  examples: 'mikv, mikv(snapkv,low=int4) or llamacpp(keys=q4_0,values=q4_0)',
};

const parsedCaches = new Map<string, CacheSpec>();

/**
 * The cache that an expression names: `mikv`, with the policy of its importance tier and parameters, or a cache format.
 *
 * @throws HoldfastError `invalid-settings` that says where the expression is wrong and what was meant.
 */
export function parseCache(expression: string): CacheSpec {
  const known = parsedCaches.get(expression);
  if (known !== undefined) return known;
  const spec = read(expression);
  parsedCaches.set(expression, spec);
  return spec;
}

function read(text: string): CacheSpec {
  const call = parseCall(text, cacheKind);
  if (call.name !== 'mikv') {
    const names = ['mikv', ...formatFamilies.map(({ id }) => id)];
    if (!names.includes(call.name)) throw unknownName(`There is no cache "${call.name}"`, call.name, names, text);
    const format = cacheFormatOf(call, text);
    return { kind: 'quantised', id: text, title: format.title, format };
  }
  if (call.bases.length > 1)
    throw new HoldfastError('invalid-settings', `The cache "${text}": one policy chooses the importance tier.`);
  const parsed = mikvParameters.safeParse(parameterValues(call, mikvParameters, text));
  if (!parsed.success)
    throw new HoldfastError('invalid-settings', `The cache "${text}": ${z.prettifyError(parsed.error)}`);
  const { importance, high, low, balancer, split } = parsed.data;
  const precision = parseMikvPrecision({ importance: bitsOf[high], retained: bitsOf[low], balancer });
  const [base] = call.bases;
  const policy = base === undefined ? null : policyOf(base, text).id;
  return {
    kind: 'mixed-precision',
    id: text,
    title: mikvTitle({ precision, policy, share: importance, split }),
    policy,
    importanceRatio: importance,
    precision,
    split,
  };
}

/** `MiKV FP16/INT2 (20 %)`, `MiKV FP16/INT4 (20 % by SnapKV, no balancer)`. */
export function mikvTitle({
  precision,
  policy,
  share,
  split,
}: Pick<MixedPrecisionSpec, 'precision' | 'policy' | 'split'> & { readonly share: number }): string {
  const percent = `${Math.round(share * 1000) / 10} %`;
  const details = [
    policy === null ? percent : `${percent} by ${parsePolicy(policy).title}`,
    ...(precision.balancer ? [] : ['no balancer']),
    ...(split === 'heavy' ? [] : ['half of it the most recent']),
  ];
  return `MiKV ${tierNames(precision)} (${details.join(', ')})`;
}

/** Accepts what `parseCache` accepts, and says what is wrong otherwise. */
export const cacheExpression = expressionSchema(parseCache).describe(
  'caches that keep every entry at lower precision: `mikv`, `mikv(snapkv,low=int4)`, `llamacpp(keys=q4_0,values=q4_0)`',
);

/** The cache that an expression of unknown origin names; undefined where this version has none. */
export const knownCache = (expression: string): CacheSpec | undefined => parsedOrUndefined(parseCache, expression);
