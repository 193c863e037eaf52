import type { GraphBuilder } from './graphBuilder.ts';
import type { ModelConfig } from './modelConfig.ts';
import { elementType } from './onnxModel.ts';
import { layerInput, layerOutput } from './signature.ts';

/** Names of the small shape tensors that all layers share. */
export interface SharedShapes {
  readonly batch: string; // [1]
  readonly tokens: string; // [1], s
  readonly prefixTokens: string; // [1], p
  readonly ownTokens: string; // [1], o
}

/**
 * Attention of `s` new tokens of `b` rows over three parts: the prefix `p` that all rows share, each row's own earlier
 * tokens `o`, and the new tokens themselves. Scores of the parts are concatenated, never keys or values, so the prefix
 * is stored and read once for all rows. What a row may not see is an additive bias: `prefix_bias [kv, b, 1, 1, p]` per
 * layer and KV head (eviction) and `own_bias [1, b, 1, s, o + s]` (causality, padding).
 *
 * Per layer it also gives `new_k`, `new_v [kv, b, s, d]` and `sums [kv, b, g, r, p + o + s]`: attention probabilities
 * summed over the query rows chosen by `row_groups [r, s]` (weights 0 or 1), which is all that attention-scored policies need.
 */
export function attention(
  graph: GraphBuilder,
  config: ModelConfig,
  shapes: SharedShapes,
  layer: number,
  projected: { readonly query: string; readonly key: string; readonly value: string },
): string {
  const { kvHeads, headDim, queryHeads } = config;
  const group = queryHeads / kvHeads;
  const scale = { float: 1 / Math.sqrt(headDim) };
  const prefixKeys = graph.input(layerInput.prefixKeys(layer), elementType.float, [kvHeads, 'p', headDim]);
  const prefixValues = graph.input(layerInput.prefixValues(layer), elementType.float, [kvHeads, 'p', headDim]);
  const ownKeys = graph.input(layerInput.ownKeys(layer), elementType.float, [kvHeads, 'b', 'o', headDim]);
  const ownValues = graph.input(layerInput.ownValues(layer), elementType.float, [kvHeads, 'b', 'o', headDim]);
  const prefixBias = graph.input(layerInput.prefixBias(layer), elementType.float, [kvHeads, 'b', 1, 1, 'p']);

  const rotate = (x: string, heads: number): string =>
    graph.microsoftOp('RotaryEmbedding', [x, 'position_ids', 'rope.cos', 'rope.sin'], {
      num_heads: heads,
      rotary_embedding_dim: headDim,
    });
  const byHead = (x: string, name: string): string =>
    graph.op(
      'Transpose',
      [graph.op('Reshape', [x, graph.ints(0, 0, kvHeads, headDim)])],
      { perm: [2, 0, 1, 3] }, // [b, s, kv, d] -> [kv, b, s, d]
      name,
    );
  const newKeys = byHead(rotate(projected.key, kvHeads), layerOutput.newKeys(layer));
  const newValues = byHead(projected.value, layerOutput.newValues(layer));
  for (const name of [newKeys, newValues]) graph.output(name, elementType.float, [kvHeads, 'b', 's', headDim]);

  const heads = graph.op('Reshape', [
    rotate(projected.query, queryHeads),
    shape(graph, shapes.batch, shapes.tokens, graph.ints(kvHeads), graph.ints(group), graph.ints(headDim)),
  ]);
  const query = graph.op('Transpose', [heads], { perm: [2, 0, 3, 1, 4] }); // [kv, b, g, s, d]
  const queryOfAllRows = graph.op('Reshape', [query, graph.ints(kvHeads, -1, headDim)]); // [kv, b*g*s, d]
  const queryByRow = graph.op('Reshape', [
    query,
    shape(graph, graph.ints(kvHeads), shapes.batch, graph.ints(-1), graph.ints(headDim)),
  ]); // [kv, b, g*s, d]

  const scores = (q: string, keys: string, tokens: string): string => {
    const product = graph.microsoftOp('FusedMatMul', [q, keys], { transB: 1, alpha: scale });
    return graph.op('Reshape', [
      product,
      shape(graph, graph.ints(kvHeads), shapes.batch, graph.ints(group), shapes.tokens, tokens),
    ]);
  };
  const prefixScores = graph.op('Add', [scores(queryOfAllRows, prefixKeys, shapes.prefixTokens), prefixBias]);
  const ownAndNewScores = graph.op('Add', [
    graph.op('Concat', [scores(queryByRow, ownKeys, shapes.ownTokens), scores(queryByRow, newKeys, shapes.tokens)], {
      axis: -1,
    }),
    'own_bias',
  ]);
  const probabilities = graph.op('Softmax', [graph.op('Concat', [prefixScores, ownAndNewScores], { axis: -1 })], {
    axis: -1,
  }); // [kv, b, g, s, p + o + s]
  const sums = graph.op('MatMul', ['row_groups', probabilities], {}, layerOutput.attentionSums(layer));
  graph.output(sums, elementType.float, [kvHeads, 'b', group, 'r', 'keys']);

  const split = shape(graph, shapes.prefixTokens, shapes.ownTokens, shapes.tokens);
  const [onPrefix, onOwn, onNew] = graph.opWithOutputs('Split', [probabilities, split], 3, { axis: -1 });
  const mixedShape = shape(
    graph,
    graph.ints(kvHeads),
    // Reading the batch size off the sums makes them run here: ORT would otherwise schedule them last and keep the
    // probabilities of every layer alive until then (1.2 instead of 3.4 GB for 1,024 tokens).
    graph.op('Gather', [graph.op('Shape', [sums]), graph.ints(1)]),
    graph.ints(group),
    shapes.tokens,
    graph.ints(headDim),
  );
  const mix = (weights: string, flat: string, values: string): string =>
    graph.op('Reshape', [graph.op('MatMul', [graph.op('Reshape', [weights, flat]), values]), mixedShape]);
  const flatPrefix = shape(graph, graph.ints(kvHeads), graph.ints(-1), shapes.prefixTokens);
  const flatOwn = shape(graph, graph.ints(kvHeads), shapes.batch, graph.ints(-1), shapes.ownTokens);
  const flatNew = shape(graph, graph.ints(kvHeads), shapes.batch, graph.ints(-1), shapes.tokens);
  const mixed = graph.op('Add', [
    graph.op('Add', [mix(onPrefix!, flatPrefix, prefixValues), mix(onOwn!, flatOwn, ownValues)]),
    mix(onNew!, flatNew, newValues),
  ]); // [kv, b, g, s, d]
  return graph.op('Reshape', [
    graph.op('Transpose', [mixed], { perm: [1, 3, 0, 2, 4] }),
    shape(graph, shapes.batch, shapes.tokens, graph.ints(queryHeads * headDim)),
  ]);
}

const shape = (graph: GraphBuilder, ...dims: string[]): string => graph.op('Concat', dims, { axis: 0 });
