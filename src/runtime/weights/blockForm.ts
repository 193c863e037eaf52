import { decodeIQ4_NL, decodeIQ4_XS } from './iq4Blocks.ts';
import { decodeQ2_K, decodeQ3_K, decodeQ4_K, decodeQ5_K, decodeQ6_K } from './kBlocks.ts';
import { decodeQ4_0, decodeQ4_1, decodeQ5_0, decodeQ5_1, decodeQ8_0 } from './legacyBlocks.ts';
import type { TensorType } from './weightSource.ts';

/** A run of quantised weights in the one form that all block types share: `w = scale * integer + min` per block. */
export interface BlockValues {
  readonly integers: Int8Array; // [weights]
  readonly scales: Float32Array; // [weights / blockSize]; exact: a half float times an integer of at most 8 bits
  readonly mins: Float32Array | null; // [weights / blockSize]; null where the form has none
}

/** What is known of a block type before anything is read. */
export interface BlockShape {
  /** Weights that share a scale. */
  readonly blockSize: 16 | 32;
  /** Smallest and largest integer that a block can hold. */
  readonly low: number;
  readonly high: number;
  readonly hasMins: boolean;
}

export interface BlockForm extends BlockShape {
  /** Decodes `blocks` stored blocks (whole super-blocks for the K types) into `out`, from the start of both. */
  decode(bytes: Uint8Array, blocks: number, out: BlockValues): void;
}

/** The quantised types. All of them are sums of products that float32 holds exactly, so the form loses nothing. */
export const blockForms: Readonly<Partial<Record<TensorType, BlockForm>>> = {
  Q4_0: { blockSize: 32, low: -8, high: 7, hasMins: false, decode: decodeQ4_0 },
  Q4_1: { blockSize: 32, low: 0, high: 15, hasMins: true, decode: decodeQ4_1 },
  Q5_0: { blockSize: 32, low: -16, high: 15, hasMins: false, decode: decodeQ5_0 },
  Q5_1: { blockSize: 32, low: 0, high: 31, hasMins: true, decode: decodeQ5_1 },
  Q8_0: { blockSize: 32, low: -128, high: 127, hasMins: false, decode: decodeQ8_0 },
  Q2_K: { blockSize: 16, low: 0, high: 3, hasMins: true, decode: decodeQ2_K },
  Q3_K: { blockSize: 16, low: -4, high: 3, hasMins: false, decode: decodeQ3_K },
  Q4_K: { blockSize: 32, low: 0, high: 15, hasMins: true, decode: decodeQ4_K },
  Q5_K: { blockSize: 32, low: 0, high: 31, hasMins: true, decode: decodeQ5_K },
  Q6_K: { blockSize: 16, low: -32, high: 31, hasMins: false, decode: decodeQ6_K },
  IQ4_NL: { blockSize: 32, low: -127, high: 113, hasMins: false, decode: decodeIQ4_NL },
  IQ4_XS: { blockSize: 32, low: -127, high: 113, hasMins: false, decode: decodeIQ4_XS },
};

/** Room for `weights` weights of a form. */
export function blockValues({ blockSize, hasMins }: BlockShape, weights: number): BlockValues {
  const blocks = weights / blockSize;
  return {
    integers: new Int8Array(weights),
    scales: new Float32Array(blocks),
    mins: hasMins ? new Float32Array(blocks) : null,
  };
}

/** The weights as float32. One rounding at the store, as in ggml: the product is exact. `out` is overwritten. */
export function expandBlocks(blockSize: number, { integers, scales, mins }: BlockValues, out: Float32Array): void {
  for (let block = 0, at = 0; at < out.length; block++) {
    const scale = scales[block]!;
    const min = mins === null ? 0 : mins[block]!;
    for (const end = at + blockSize; at < end; at++) out[at] = scale * integers[at]! + min;
  }
}
