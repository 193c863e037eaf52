import os from 'node:os';

/** What is known of a model before it is loaded. */
export interface ModelSize {
  readonly bytes: number;
  readonly parameters?: number;
  readonly quantisation?: string;
}

/** Memory that audits with a model take. A parameter, so that a better estimate takes its place in one line. */
export type MemoryEstimator = (model: ModelSize) => { readonly bytes: number };

/** Quantisations that run as they are stored; the weights of all others are float32 in the graph. */
const NATIVE = new Set(['Q4_0', 'Q4_1']);
/** 4 bits and, per block of 32, a scale and an offset in float32. */
const NATIVE_BYTES_PER_WEIGHT = 0.5 + 8 / 32;
const FLOAT_BYTES = 4;
/** Share of weights that stay float32 in small models: the embedding. */
const FLOAT_SHARE = 0.2;
/** The engine, a prompt's cache and a batch of variants; measured with the default model. */
const OVERHEAD_BYTES = 400e6;

/** A first estimate: the graph's weights and a fixed overhead. */
export const estimate: MemoryEstimator = ({ bytes, parameters, quantisation = '' }) => {
  const weights = parameters ?? bytes; // one byte per weight is the middle of what is usual
  const perWeight = NATIVE.has(quantisation)
    ? FLOAT_SHARE * FLOAT_BYTES + (1 - FLOAT_SHARE) * NATIVE_BYTES_PER_WEIGHT
    : FLOAT_BYTES;
  return { bytes: Math.round(weights * perWeight + OVERHEAD_BYTES) };
};

/** Of the machine's memory; the rest is for the editor, the system and other programs. */
const USABLE_SHARE = 0.8;

/**
 * Memory that a model may take here. Of all memory and not of what is free now: free memory changes from minute to
 * minute, and what is said here is whether the model is one for this machine.
 */
export function usableMemory(): number {
  const limit = process.constrainedMemory(); // of a container; 0 or beyond all memory where there is none
  const total = os.totalmem();
  return Math.floor(USABLE_SHARE * (limit > 0 && limit < total ? limit : total));
}
