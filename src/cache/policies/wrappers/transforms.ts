import type { LayerObservation } from '../../layerObservation.ts';
import type { Budget, Policy, Transformed } from '../policy.ts';

type Transform = NonNullable<Policy['transform']>;

/** Applies a change of keys and values after the base's own. */
export const after =
  (
    base: Policy,
    change: (layer: LayerObservation, kept: readonly Int32Array[], budget: Budget) => Partial<Transformed>,
  ): Transform =>
  (layer, kept, budget) => {
    const before = base.transform?.(layer, kept, budget) ?? { keys: layer.keys, values: layer.values, freedBytes: 0 };
    const changed = change({ ...layer, keys: before.keys, values: before.values }, kept, budget);
    return { ...before, ...changed };
  };

/** Positions of [0, S) that are not among these ascending ones. */
export function evicted(kept: Int32Array, seqLen: number): Int32Array {
  const gone = new Int32Array(seqLen - kept.length);
  let [next, filled] = [0, 0];
  for (let position = 0; position < seqLen; position++) {
    if (kept[next] === position) next++;
    else gone[filled++] = position;
  }
  return gone;
}
