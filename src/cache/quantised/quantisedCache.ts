import { HoldfastError } from '../../errors.ts';
import { sumBytes, type CacheBytes } from '../bytes.ts';
import type { LayerObservation } from '../layerObservation.ts';
import { cacheShape, heldTokens, type CacheShape, type EntryShape } from './cacheShape.ts';

/** Keys and values of one layer, as the prefill computed them or as attention reads them from a cache. */
export interface KeysAndValues {
  readonly keys: Float32Array; // [kvHeads, S, headDim], after RoPE
  readonly values: Float32Array; // [kvHeads, S, headDim]
}

/** What storing one layer needs of its exact prefill; a `LayerObservation` is one. */
export type CacheLayer = Pick<LayerObservation, 'seqLen' | 'kvHeads' | 'headDim' | 'window' | 'keys' | 'values'>;

/** A cache in a representation other than float32, ready to be continued. */
export interface QuantisedCache {
  /** Dequantised, per layer: what attention reads in place of the exact keys and values. Every position is there. */
  readonly keyValues: {
    readonly keys: readonly Float32Array[]; // each [kvHeads, S, headDim]
    readonly values: readonly Float32Array[]; // each [kvHeads, S, headDim]
  };
  readonly bytes: CacheBytes;
  /** What a reader has to know before comparing: windows, shapes that did not fit, parts of an engine that are left out. */
  readonly notes: readonly string[];
}

/** How one engine stores a cache. Values of `store` are those that its attention reads, dequantised. */
export interface CacheFormat {
  /** The expression that names it: `mlx(bits=3)`. */
  readonly id: string;
  /** The name that users read. */
  readonly title: string;
  /** Where the layout and the arithmetic are defined. */
  readonly source: string;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  /** Why the engine does not store a cache of that shape. */
  refusal(shape: CacheShape): string | undefined;
  notes(shape: CacheShape): readonly string[];
  /** Bytes of the first `tokens` tokens of one layer. */
  layerBytes(shape: EntryShape, tokens: number): CacheBytes;
  store(layer: CacheLayer): KeysAndValues;
}

/** Bytes of a cache of that shape in a format; layers with a sliding window hold their window only. */
export function formatBytes(format: CacheFormat, shape: CacheShape): CacheBytes {
  return sumBytes(shape.windows.map((window) => format.layerBytes(shape, heldTokens(shape.seqLen, window))));
}

/**
 * A cache as an engine stores it and reads it back.
 *
 * @throws HoldfastError `unsupported-model` when the engine does not store caches of that shape, `engine-failed` for an
 * element that is not finite, before or after.
 */
export function quantiseCache(layers: readonly CacheLayer[], format: CacheFormat): QuantisedCache {
  const shape = cacheShape(layers);
  const refusal = format.refusal(shape);
  if (refusal !== undefined)
    throw new HoldfastError('unsupported-model', refusal, 'Leave this cache format out for this model.');
  const stored = layers.map((layer, index) => {
    assertFinite(layer, layer, index, 'was not computed');
    const read = format.store(layer);
    assertFinite(read, layer, index, `does not fit into ${format.title}`);
    return read;
  });
  return { keyValues: byTensor(stored), bytes: formatBytes(format, shape), notes: format.notes(shape) };
}

/** Layers of keys and values as keys and values of layers. */
export function byTensor(layers: readonly KeysAndValues[]): QuantisedCache['keyValues'] {
  return { keys: layers.map(({ keys }) => keys), values: layers.map(({ values }) => values) };
}

/** @throws HoldfastError `engine-failed` that names layer, KV head and position of the first element that is not finite. */
export function assertFinite(
  { keys, values }: KeysAndValues,
  { seqLen, headDim }: Pick<CacheLayer, 'seqLen' | 'headDim'>,
  layer: number,
  what: string,
): void {
  for (const [name, tensor] of [['key', keys] as const, ['value', values] as const]) {
    const index = tensor.findIndex((element) => !Number.isFinite(element));
    if (index < 0) continue;
    const row = Math.floor(index / headDim);
    const place = `layer ${layer}, KV head ${Math.floor(row / seqLen)}, position ${row % seqLen}`;
    throw new HoldfastError(
      'engine-failed',
      `The ${name} of ${place} ${what}: an element is ${tensor[index]!}.`,
      'The weights may be damaged: run `holdfast models verify`, or leave this cache format out.',
    );
  }
}
