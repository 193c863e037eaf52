import type { GraphBuilder } from './graphBuilder.ts';

/** The embedding table in the form in which it is read. */
export type EmbeddingWeight =
  | { readonly kind: 'float'; readonly values: Float32Array } // [vocab, hidden]
  | { readonly kind: 'blocks8'; readonly quants: Uint8Array; readonly scales: Float32Array }; // [vocab, hidden], q + 128

/** Rows of the table for `ids [b, s]`: `[b, s, hidden]`. */
export function embed(
  graph: GraphBuilder,
  ids: string,
  { vocabSize, hiddenSize }: { readonly vocabSize: number; readonly hiddenSize: number },
  embedding: EmbeddingWeight,
): string {
  if (embedding.kind === 'float') {
    return graph.op('Gather', [graph.weight('embedding', [vocabSize, hiddenSize], embedding.values), ids]);
  }
  const quants = graph.weight('embedding.quants', [vocabSize, hiddenSize], embedding.quants);
  const scales = graph.weight('embedding.scales', [vocabSize, hiddenSize / 32], embedding.scales);
  return graph.microsoftOp('GatherBlockQuantized', [quants, ids, scales], {
    bits: 8,
    block_size: 32,
    gather_axis: 0,
    quantize_axis: 1,
  });
}
