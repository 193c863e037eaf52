import { highestScore, selectTop } from '../selection.ts';
import { bestOfEachHead, type ScoredLayer, type Selection, type SelectionTask } from './selection.ts';

/**
 * KVCompose: the k-th best entries of all KV heads of a layer form its k-th composite token, which scores their mean. The
 * best `trunc(L * S * (1 - ratio))` composite tokens of all layers stay; that gives each layer its number of entries, and
 * every head keeps its own best. The first layer goes before the others: its composite tokens take the highest score of
 * any layer. At least one composite token of each layer stays.
 */
export const compositeTokens: Selection = (task) => {
  const { seqLen, ratio, layers } = task;
  const slots = layers.map((layer) => composites(layer, task));
  for (let slot = 0; slot < seqLen; slot++)
    slots[0]![slot] = layers.reduce((best, _, layer) => Math.max(best, slots[layer]![slot]!), -Infinity);
  const all = new Float32Array(layers.length * seqLen);
  for (const [layer, ranked] of slots.entries()) all.set(ranked, layer * seqLen);
  const total = Math.max(layers.length, Math.trunc(all.length * (1 - ratio)));
  const first = Int32Array.from(layers, (_, layer) => layer * seqLen);
  const others = Int32Array.from(all.keys()).filter((slot) => slot % seqLen !== 0);
  const kept = new Int32Array(layers.length).fill(1);
  for (const slot of selectTop(all, total - first.length, layers[0]!.origin(0), others))
    kept[Math.floor(slot / seqLen)]! += 1;
  return bestOfEachHead({ ...task, layers: layers.map((layer, index) => ({ ...layer, keptTokens: kept[index]! })) });
};

/** Mean over KV heads of the k-th best score, k ascending; protected positions come before all others. */
function composites({ scores }: ScoredLayer, { seqLen, kvHeads, plans }: SelectionTask): Float32Array {
  const guarded = new Set(plans(seqLen).flatMap(({ whitelist, protection }) => [...whitelist, ...protection]));
  const sums = new Float64Array(seqLen);
  for (let head = 0; head < kvHeads; head++) {
    const row = scores.slice(head * seqLen, (head + 1) * seqLen);
    for (const position of guarded) row[position] = highestScore;
    row.sort().reverse();
    for (let slot = 0; slot < seqLen; slot++) sums[slot]! += row[slot]!;
  }
  return Float32Array.from(sums, (sum) => sum / kvHeads);
}
