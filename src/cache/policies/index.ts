import { z } from 'zod';
import { HoldfastError } from '../../errors.ts';
import type { Call } from '../expression.ts';
import type { RowGroup } from '../layerObservation.ts';
import { unionOfNeeds } from '../layerObservation.ts';
import { capkv } from './capkv.ts';
import { compactor } from './compactor.ts';
import { cur } from './cur.ts';
import { expectedAttention } from './expectedAttention.ts';
import type { Family, PolicyFamily, WrapperFamily } from './family.ts';
import { h2o } from './h2o.ts';
import { keydiff } from './keydiff.ts';
import { knorm } from './knorm.ts';
import { kvcompose } from './kvcompose.ts';
import { kvzip } from './kvzip.ts';
import { lagkv } from './lagkv.ts';
import { leverage } from './leverage.ts';
import { noncausal } from './noncausal.ts';
import { build, parseExpression } from './parsePolicy.ts';
import type { Policy } from './policy.ts';
import { pyramid } from './pyramid.ts';
import { random } from './random.ts';
import { simlayer } from './simlayer.ts';
import { snapkv } from './snapkv.ts';
import { streamingLlm } from './streamingLlm.ts';
import { think } from './think.ts';
import { tova } from './tova.ts';
import { adakv } from './wrappers/adakv.ts';
import { block } from './wrappers/block.ts';
import { cam } from './wrappers/cam.ts';
import { chunk } from './wrappers/chunk.ts';
import { chunkkv } from './wrappers/chunkkv.ts';
import { composed } from './wrappers/composed.ts';
import { criticalAdakv } from './wrappers/criticalAdakv.ts';
import { criticalkv } from './wrappers/criticalkv.ts';
import { dms } from './wrappers/dms.ts';
import { merging } from './wrappers/merging.ts';
import { perLayer } from './wrappers/perLayer.ts';
import { rerotate } from './wrappers/rerotate.ts';

/** Every policy, in the order of the documentation. */
export const policyFamilies = [
  streamingLlm,
  snapkv,
  tova,
  h2o,
  knorm,
  pyramid,
  keydiff,
  lagkv,
  expectedAttention,
  cur,
  noncausal,
  leverage,
  compactor,
  capkv,
  simlayer,
  think,
  kvzip,
  kvcompose,
  random,
] as readonly unknown[] as readonly PolicyFamily[];

/** Every function from policies to a policy. */
export const wrapperFamilies = [
  adakv,
  criticalkv,
  criticalAdakv,
  chunkkv,
  chunk,
  block,
  perLayer,
  composed,
  merging,
  cam,
  rerotate,
  dms,
] as readonly unknown[] as readonly WrapperFamily[];

const families = new Map<string, Family>([...policyFamilies, ...wrapperFamilies].map((family) => [family.id, family]));

/** The policies of an audit that names none: those of the Pitfalls paper. */
export const policyIds = ['streaming-llm', 'snapkv', 'tova', 'h2o', 'knorm'] as const;

/** An expression that names a policy, such as `snapkv`, `snapkv(window=64)` or `adakv(snapkv,alpha=0.3)`. */
export type PolicyId = string;

const parsedPolicies = new Map<string, Policy>();

/**
 * The policy that an expression names. Spaces do not matter; lists are written with colons (`ratios=0.2:0.4`).
 *
 * @throws HoldfastError `invalid-settings` that says where the expression is wrong and what was meant.
 */
export function parsePolicy(expression: string): Policy {
  const known = parsedPolicies.get(expression);
  if (known !== undefined) return known;
  const policy = parseExpression(expression, families);
  parsedPolicies.set(expression, policy);
  return policy;
}

/** The policy that a part of a larger expression names. @throws as `parsePolicy`. */
export const policyOf = (call: Call, text: string): Policy => build(call, text, families);

/** The policy that an expression of unknown origin names; undefined where this version has none. */
export function knownPolicy(expression: string): Policy | undefined {
  try {
    return parsePolicy(expression);
  } catch (error) {
    if (error instanceof HoldfastError) return undefined;
    throw error;
  }
}

/** Accepts what `parsePolicy` accepts, and says what is wrong otherwise. */
export const policyExpression = z
  .string()
  .check(({ value, issues }) => {
    try {
      parsePolicy(value);
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      issues.push({ code: 'custom', input: value, message: `${error.message} ${error.hint ?? ''}`.trimEnd() });
    }
  })
  .describe('ids of policies, also with parameters and wrapped: `snapkv(window=64)`, `adakv(snapkv)`');

/** The attention summaries that a prefill has to compute for these policies, each once. */
export function rowGroupsFor(expressions: readonly PolicyId[], seqLen: number): readonly RowGroup[] {
  return unionOfNeeds(expressions.map((expression) => parsePolicy(expression).needs(seqLen))).rowGroups;
}
