import { rowGroupKey, type RowGroup } from '../layerObservation.ts';
import { h2o } from './h2o.ts';
import { knorm } from './knorm.ts';
import type { Policy } from './policy.ts';
import { snapkv } from './snapkv.ts';
import { streamingLlm } from './streamingLlm.ts';
import { tova } from './tova.ts';

export const policyIds = ['streaming-llm', 'snapkv', 'tova', 'h2o', 'knorm'] as const;
export type PolicyId = (typeof policyIds)[number];

/** Every policy under its id. */
export const policies: { readonly [Id in PolicyId]: Policy & { readonly id: Id } } = {
  'streaming-llm': streamingLlm,
  snapkv,
  tova,
  h2o,
  knorm,
};

/** The attention summaries that a prefill has to compute for these policies, each once. */
export function rowGroupsFor(ids: readonly PolicyId[], seqLen: number): RowGroup[] {
  const groups = ids.flatMap((id) => policies[id].rowGroups(seqLen));
  return [...new Map(groups.map((rows) => [rowGroupKey(rows), rows])).values()];
}
