import { estimateMemory, sequenceBytes, type MemoryEstimate, type MemoryShape, type MemoryWork } from './estimate.ts';

/** How much runs together. Smaller batches give the same results in more runs. */
export interface Batches {
  /** Tokens per run of a prefill. */
  readonly prefillChunk: number;
  /** Token rows per run that feeds user turns or forces answers. */
  readonly tokenRowsPerRun: number;
  /** Sequences that are decoded together when each may come to `ownTokens` tokens of its own. */
  rowsPerBatch(ownTokens: number): number;
}

/** Sequences that are decoded together at most: beyond this a step grows in proportion and memory with it. */
const maxRowsPerBatch = 64;

/**
 * The largest batches. 512 token rows are about half a second on two cores, which bounds how late a cancel is seen. A
 * prefill runs in chunks of 128 for the same reason, and to bound the attention matrices that are alive.
 */
export const largestBatches: Batches = {
  prefillChunk: 128,
  tokenRowsPerRun: 512,
  rowsPerBatch: () => maxRowsPerBatch,
};

/** Tokens of a user turn and an answer as the built-in probes make them; estimates before an audit assume these. */
export const usualOwnTokens = 160;
/** Sequences of the built-in probes under the default policies and ratios. */
const usualRows = 60;
/** Probabilities are kept for 16 tokens of the full cache's answer to each probe: the built-in three and as many own ones. */
const usualReferenceTokens = 16 * 6;
/** Tokens of one row that forces an answer. */
const oneForcedRow = 64;
/** Share of the rows of a forced run that get logits: the answer's, not the user turn's. */
const answerShare = 0.5;

/** The work of an audit in these batches, with `rows` sequences of usual length. */
function workOf(
  promptTokens: number,
  batches: Pick<Batches, 'prefillChunk' | 'tokenRowsPerRun'>,
  rows: number,
): MemoryWork {
  const tokenRows = Math.max(batches.tokenRowsPerRun, oneForcedRow);
  return {
    promptTokens,
    prefillChunk: Math.min(batches.prefillChunk, promptTokens),
    rows,
    ownTokens: usualOwnTokens,
    tokenRows,
    logitRows: tokenRows * answerShare,
    referenceTokens: usualReferenceTokens,
  };
}

/** The estimate of an audit with the default grid, in the largest batches. */
export const estimateUsualAudit = (shape: MemoryShape, weightBytes: number, promptTokens: number): MemoryEstimate =>
  estimateMemory(shape, weightBytes, workOf(promptTokens, largestBatches, usualRows));

/** Batches that fit, or what the smallest ones need, which does not. */
export type Fitted =
  { readonly fits: true; readonly batches: Batches } | { readonly fits: false; readonly estimate: MemoryEstimate };

/** Below this a run is mostly overhead. */
const smallestRun = 16;
/** Decoding fewer sequences together costs more than running in smaller pieces. */
const goodBatch = 8;

/**
 * Batches of an audit of `promptTokens` that stay below `limit` bytes: runs are halved until they leave room for a good
 * batch of sequences, and then as many sequences are decoded together as fit.
 */
export function fitBatches(shape: MemoryShape, weightBytes: number, promptTokens: number, limit: number): Fitted {
  let { prefillChunk, tokenRowsPerRun } = largestBatches;
  for (;;) {
    const runs = { prefillChunk, tokenRowsPerRun };
    const room = limit - estimateMemory(shape, weightBytes, workOf(promptTokens, runs, 0)).total;
    const rows = (ownTokens: number): number => Math.floor(room / sequenceBytes(shape, promptTokens, ownTokens));
    const fitting = rows(usualOwnTokens);
    const isSmallest = tokenRowsPerRun <= smallestRun;
    if (fitting >= goodBatch || (isSmallest && fitting >= 1)) {
      const rowsPerBatch = (ownTokens: number): number => Math.max(1, Math.min(maxRowsPerBatch, rows(ownTokens)));
      return { fits: true, batches: { ...runs, rowsPerBatch } };
    }
    if (isSmallest) return { fits: false, estimate: estimateMemory(shape, weightBytes, workOf(promptTokens, runs, 1)) };
    tokenRowsPerRun /= 2;
    prefillChunk = Math.min(prefillChunk, tokenRowsPerRun);
  }
}
