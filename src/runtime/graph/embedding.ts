import { BlockWeights } from './blockWeights.ts';
import type { GraphBuilder } from './graphBuilder.ts';
import { writeFloatMatrix, type LinearMatrix } from './linear.ts';

/** The embedding table in the form in which it is read. */
export type EmbeddingWeight = LinearMatrix;

/**
 * Rows of the table for `ids [b, s]`: `[b, s, hidden]`. Quantised tables stay quantised, and their rows are exact: the
 * gather gives `scale * integer`, and the minimum of each block is added where the type has one.
 */
export function embed(graph: GraphBuilder, ids: string, embedding: EmbeddingWeight): string {
  if (embedding.kind === 'float') {
    return graph.op('Gather', [writeFloatMatrix(graph, 'embedding', embedding), ids]);
  }
  const { cols, blockSize, low, high, hasMins } = embedding;
  const weights = new BlockWeights(graph, 'embedding', embedding);
  const bits = high - low < 16 ? 4 : 8;
  const unsigned = low >= 0;
  const inputs =
    bits === 8
      ? [weights.bytes('quants'), ids, weights.scales()]
      : [weights.rowNibbles('quants', unsigned ? 'low' : 'low-signed'), ids, weights.scales()];
  if (bits === 4 && unsigned) inputs.push(weights.zeroPoints());
  const mins = hasMins ? weights.offsets(0) : null;
  weights.write();
  const rows = graph.microsoftOp('GatherBlockQuantized', inputs, {
    bits,
    block_size: blockSize,
    gather_axis: 0,
    quantize_axis: 1,
  });
  if (mins === null) return rows;
  const blocked = graph.op('Reshape', [rows, graph.ints(0, 0, cols / blockSize, blockSize)]);
  const minOfBlock = graph.op('Unsqueeze', [graph.op('Gather', [mins, ids]), graph.ints(-1)]);
  return graph.op('Reshape', [graph.op('Add', [blocked, minOfBlock]), graph.ints(0, 0, cols)]);
}
