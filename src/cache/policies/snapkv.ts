import { z } from 'zod';
import type { LayerObservation, Range } from '../layerObservation.ts';
import { definePolicy } from './family.ts';
import { groupMean } from './groupMean.ts';
import { positionsFrom, refuseLambda, type FairSpan } from './policy.ts';

/** The last rows of a span, which vote on what comes before them in it. */
interface Window extends Range {
  readonly rows: number;
}

/** Queries that observe a prefix: `window`, or all but the first where that is too short. */
export const observedBy = (window: number, seqLen: number): number =>
  seqLen > window ? window : Math.max(1, seqLen - 1);

export const windowRows = ({ end, rows }: Window): Range => ({ start: end - rows, end });

/** Attention that the rows of each window pay to the positions before them in its span, smoothed; 0 in the windows. */
export function windowScores(
  layer: LayerObservation,
  windows: readonly Window[],
  kernel: number,
  sumsOf: (window: Window) => Float32Array,
): Float32Array {
  const { seqLen, kvHeads } = layer;
  const radius = kernel >> 1;
  const scores = new Float32Array(kvHeads * seqLen);
  for (const window of windows) {
    const attention = groupMean(layer, sumsOf(window));
    const scoredEnd = window.end - window.rows;
    for (let head = 0; head < kvHeads; head++) {
      const row = head * seqLen;
      for (let position = window.start; position < scoredEnd; position++) {
        let sum = 0;
        const end = Math.min(scoredEnd, position + radius + 1);
        for (let near = Math.max(window.start, position - radius); near < end; near++) sum += attention[row + near]!;
        // Zero padding counts: the reference divides by the kernel at the edges too.
        scores[row + position] = sum / (kernel * window.rows);
      }
    }
  }
  return scores;
}

/** One window per span: its part of `window` rows, what is left over goes to the last. */
function windowsOf(spans: readonly FairSpan[], window: number): Window[] {
  let left = window;
  return spans.map(({ start, end }, index) => {
    const share = index === spans.length - 1 ? Math.max(1, left) : Math.max(1, Math.floor(window / spans.length));
    const rows = Math.min(share, end - start);
    left -= rows;
    return { start, end, rows };
  });
}

/**
 * SnapKV: attention that the last `window` queries pay to each earlier position, smoothed over `kernel` positions. The
 * window itself is kept. A prefix that is not longer than the window is observed by all its queries but the first. The
 * window of 16 is that of the Pitfalls paper; the original code and kvpress use 32 and 64.
 */
export const snapkv = definePolicy({
  id: 'snapkv',
  title: 'SnapKV',
  paper: {
    title: 'SnapKV: LLM Knows What You are Looking for Before Generation',
    url: 'https://arxiv.org/abs/2404.14469',
  },
  formula:
    'Attention of the last `window` rows to each earlier position, mean over rows and query heads of a group, smoothed over `kernel` positions; the window stays.',
  cost: 'S x query heads',
  schema: z.strictObject({
    window: z.int().min(1).default(16),
    kernel: z
      .int()
      .min(1)
      .refine((kernel) => kernel % 2 === 1, 'an odd number')
      .default(5),
  }),
  create({ window, kernel }) {
    return {
      summary: `Keeps what the last ${window} tokens attend to, smoothed over ${kernel} neighbours, and those ${window} tokens.`,
      needs: (seqLen) => ({ rowGroups: [{ last: observedBy(window, seqLen) }] }),
      score(layer) {
        const rows = observedBy(window, layer.seqLen);
        const whole = { start: 0, end: layer.seqLen, rows };
        return windowScores(layer, [whole], kernel, () => layer.columnSums({ last: rows }));
      },
      protect: (seqLen) => ({ sinks: [], window: positionsFrom(seqLen - observedBy(window, seqLen), seqLen) }),
      notes: (seqLen) => shortWindowNote('SnapKV', window, seqLen),
      fair(spans, lambda) {
        refuseLambda(lambda, 'SnapKV');
        const windows = windowsOf(spans, window);
        return {
          shares: 'per-span',
          changes: {
            needs: () => ({ rowGroups: windows.map(windowRows) }),
            score: (layer) => windowScores(layer, windows, kernel, (each) => layer.columnSums(windowRows(each))),
            protect: () => ({
              sinks: [],
              window: windows.map(windowRows).flatMap(({ start, end }) => positionsFrom(start, end)),
            }),
            notes: () => [],
          },
        };
      },
    };
  },
});

/** Why a window is shorter than asked for. */
export const shortWindowNote = (title: string, window: number, seqLen: number): string[] =>
  seqLen > window
    ? []
    : [
        `${title} observed the last ${observedBy(window, seqLen)} instead of ${window} tokens: the system turn has only ${seqLen}.`,
      ];
