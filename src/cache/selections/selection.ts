import type { LayerObservation } from '../layerObservation.ts';
import { select, type SelectionPlan } from '../selection.ts';

/** The scores of one layer and what may be kept of it. */
export interface ScoredLayer {
  readonly observation: LayerObservation;
  readonly scores: Float32Array; // [kvHeads, S]
  /** Entries to keep per KV head. */
  readonly keptTokens: number;
  /** Names a row in errors. */
  readonly origin: (head: number) => string;
}

/** Everything that a choice of entries depends on. */
export interface SelectionTask {
  readonly seqLen: number;
  readonly kvHeads: number;
  readonly ratio: number;
  readonly layers: readonly ScoredLayer[];
  /**
   * Divides a number of entries per KV head between the parts of the prefix, and each part between protected positions and
   * those that compete by score; the parts are disjoint and cover the prefix.
   */
  readonly plans: (keptTokens: number) => readonly SelectionPlan[];
}

/** Chooses entries: ascending positions for each layer and KV head. */
export type Selection = (task: SelectionTask) => readonly (readonly Int32Array[])[];

/** A selection in which layers do not compete. */
export const withinLayers =
  (choose: (layer: ScoredLayer, task: SelectionTask) => readonly Int32Array[]): Selection =>
  (task) =>
    task.layers.map((layer) => choose(layer, task));

/** The best of each KV head. */
export const bestOfEachHead: Selection = withinLayers((layer, { seqLen, kvHeads, plans }) => {
  const parts = plans(layer.keptTokens);
  return Array.from({ length: kvHeads }, (_, head) => {
    const row = layer.scores.subarray(head * seqLen, (head + 1) * seqLen);
    return joined(parts.map((plan) => select(row, plan, layer.origin(head))));
  });
});

/** Disjoint positions as one ascending list. */
export function joined(parts: readonly Int32Array[]): Int32Array {
  if (parts.length === 1) return parts[0]!;
  const all = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let filled = 0;
  for (const part of parts) {
    all.set(part, filled);
    filled += part.length;
  }
  return all.sort();
}
