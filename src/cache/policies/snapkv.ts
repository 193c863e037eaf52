import { groupSize } from '../layerObservation.ts';
import { positionsFrom, type Policy } from './policy.ts';

/**
 * SnapKV: attention that the last `window` queries pay to each earlier position, smoothed over `kernel` positions. The
 * window itself is kept. A prefix that is not longer than the window is observed by all its queries but the first.
 */
export function createSnapKv({ window, kernel }: { readonly window: number; readonly kernel: number }) {
  const windowOf = (seqLen: number): number => (seqLen > window ? window : Math.max(1, seqLen - 1));
  return {
    id: 'snapkv',
    title: 'SnapKV',
    paper: {
      title: 'SnapKV: LLM Knows What You are Looking for Before Generation',
      url: 'https://arxiv.org/abs/2404.14469',
    },
    summary: `Keeps what the last ${window} tokens attend to, smoothed over ${kernel} neighbours, and those ${window} tokens.`,
    parameters: { window, kernel },
    rowGroups: (seqLen) => [{ last: windowOf(seqLen) }],
    score(layer) {
      const { seqLen, kvHeads } = layer;
      const rows = windowOf(seqLen);
      const scored = seqLen - rows;
      const sums = layer.columnSums({ last: rows });
      const group = groupSize(layer);
      const radius = kernel >> 1;
      const scores = new Float32Array(kvHeads * seqLen);
      const attention = new Float64Array(scored);
      for (let head = 0; head < kvHeads; head++) {
        for (let position = 0; position < scored; position++) {
          let sum = 0;
          for (let query = head * group; query < (head + 1) * group; query++) sum += sums[query * seqLen + position]!;
          attention[position] = sum / (group * rows);
        }
        for (let position = 0; position < scored; position++) {
          let sum = 0;
          const end = Math.min(scored, position + radius + 1);
          for (let near = Math.max(0, position - radius); near < end; near++) sum += attention[near]!;
          // Zero padding counts: the reference divides by the kernel at the edges too.
          scores[head * seqLen + position] = sum / kernel;
        }
      }
      return scores;
    },
    protect: (seqLen) => ({ sinks: [], window: positionsFrom(seqLen - windowOf(seqLen), seqLen) }),
    degraded: (seqLen) =>
      seqLen > window
        ? undefined
        : `SnapKV observed the last ${windowOf(seqLen)} instead of ${window} tokens: the system turn has only ${seqLen}.`,
  } as const satisfies Policy;
}

/** Window and kernel of the Pitfalls paper; the original code and kvpress use windows of 32 and 64. */
export const snapkv = createSnapKv({ window: 16, kernel: 5 });
