import { z } from 'zod';
import { unionOfNeeds, type Needs } from './layerObservation.ts';
import { cumulativeH2o, importanceSplits } from './mikv/importanceTier.ts';
import { mikvPrecision } from './mikv/mikvSettings.ts';
import { parsePolicy, policyExpression } from './policies/index.ts';
import { protect, type Protections } from './protection.ts';
import { cacheFormatExpression } from './quantised/index.ts';

const position = z.int().min(0);

const protections: z.ZodType<Protections> = z.strictObject({
  whitelist: z.array(position).exactOptional(),
  whitelistOverflow: z.enum(['refuse', 'keep-first']).exactOptional(),
  fair: z
    .strictObject({
      spans: z.array(
        z.strictObject({
          start: position,
          end: position,
          weight: z.number().exactOptional(),
          mustHold: z.boolean().exactOptional(),
        }),
      ),
      lambda: z.number().exactOptional(),
    })
    .exactOptional(),
  reserve: z.strictObject({ sinks: position.exactOptional(), recent: position.exactOptional() }).exactOptional(),
});

/** One way to hold the cache of a prefix, with everything that decides it. */
export const cacheRequest = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('eviction'),
    policy: policyExpression,
    ratio: z.number().min(0).lt(1),
    protections: protections.exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('mixed-precision'),
    /** What chooses the importance tier; null: cumulative attention. */
    policy: policyExpression.nullable(),
    /** Entries of the importance tier per layer and KV head. */
    importantTokens: z.int().min(0),
    precision: mikvPrecision,
    split: z.enum(importanceSplits),
    protections: protections.exactOptional(),
  }),
  z.strictObject({ kind: z.literal('quantised'), format: cacheFormatExpression }),
]);

export type CacheRequest = z.infer<typeof cacheRequest>;

/** A policy at a compression ratio, without protections. */
export const eviction = (policy: string, ratio: number): CacheRequest => ({ kind: 'eviction', policy, ratio });

/** Each policy, at half of the entries: what a prefill for these policies has to serve. */
export const evictions = (policies: readonly string[]): CacheRequest[] =>
  policies.map((policy) => eviction(policy, 0.5));

/**
 * What a request reads of a prefix of that length besides keys and values.
 *
 * @throws HoldfastError `invalid-settings` for protections that do not fit the prefix or the policy.
 */
export function needsOf(request: CacheRequest, seqLen: number): Needs {
  switch (request.kind) {
    case 'eviction':
      return protect(parsePolicy(request.policy), seqLen, request.ratio, request.protections ?? {}).policy.needs(
        seqLen,
      );
    case 'mixed-precision': {
      const tier = tierPolicy(request);
      const scored = protect(tier, seqLen, 0, request.protections ?? {}).policy.needs(seqLen);
      return request.precision.balancer ? unionOfNeeds([scored, { queries: true, rotary: true }]) : scored;
    }
    case 'quantised':
      return {};
  }
}

/** The policy that chooses an importance tier. */
export const tierPolicy = ({ policy }: { readonly policy: string | null }) =>
  policy === null ? cumulativeH2o : parsePolicy(policy);
