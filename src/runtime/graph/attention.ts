import type { GraphBuilder } from './graphBuilder.ts';
import type { ModelConfig } from './modelConfig.ts';
import { elementType } from './onnxModel.ts';
import { ropeTables } from './rope.ts';
import { layerInput, layerOutput, masked } from './signature.ts';

/** What all layers share: names of small tensors. */
export interface SharedInputs {
  readonly batch: string; // [1]
  readonly tokens: string; // [1], s
  readonly prefixTokens: string; // [1], p
  readonly ownTokens: string; // [1], o
  /** Rows of the rotary tables for the new tokens, [b, s]. */
  readonly ropePositions: string;
  /** By window: what a query that slides does not see. */
  readonly windowBias: ReadonlyMap<number, WindowBias>;
}

/** Additive biases of one sliding window; `ownAndNew` holds `own_bias` too. */
export interface WindowBias {
  readonly prefix: string; // [1, b, 1, s, p]
  readonly ownAndNew: string; // [1, b, 1, s, o + s]
}

/**
 * Attention of `s` new tokens of `b` rows over three parts: the prefix `p` that all rows share, each row's own earlier
 * tokens `o`, and the new tokens themselves. Scores of the parts are concatenated, never keys or values, so the prefix
 * is stored and read once for all rows. What a row may not see is an additive bias: `prefix_bias [kv, b, 1, 1, p]` per
 * layer and KV head (eviction), `own_bias [1, b, 1, s, o + s]` (causality, padding), `own_entry_bias [kv, b, 1, 1, o]`
 * (eviction while generating; a single zero where there is none), and in layers that slide what lies outside the window.
 *
 * Per layer it also gives `new_k`, `new_v [kv, b, s, d]` and `sums [kv, b, g, r, p + o + s]`: attention probabilities
 * summed over the query rows chosen by `row_groups [r, s]` (weights 0 or 1), which is all that attention-scored policies need.
 */
export function attention(
  graph: GraphBuilder,
  config: ModelConfig,
  shared: SharedInputs,
  layer: number,
  projected: { readonly query: string; readonly key: string; readonly value: string },
): string {
  const { kvHeads, headDim, queryHeads } = config;
  const group = queryHeads / kvHeads;
  const { window, rope } = config.attention[layer]!;
  const scale = { float: config.attentionScale };
  const prefixKeys = graph.input(layerInput.prefixKeys(layer), elementType.float, [kvHeads, 'p', headDim]);
  const prefixValues = graph.input(layerInput.prefixValues(layer), elementType.float, [kvHeads, 'p', headDim]);
  const ownKeys = graph.input(layerInput.ownKeys(layer), elementType.float, [kvHeads, 'b', 'o', headDim]);
  const ownValues = graph.input(layerInput.ownValues(layer), elementType.float, [kvHeads, 'b', 'o', headDim]);
  const prefixBias = graph.input(layerInput.prefixBias(layer), elementType.float, [kvHeads, 'b', 1, 1, 'p']);
  const ownEntryBias = graph.input(layerInput.ownEntryBias(layer), elementType.float, ['ekv', 'eb', 1, 1, 'eo']);

  const rotate = (x: string, heads: number): string => {
    if (rope === null) return x;
    const { cos, sin } = ropeTables(rope);
    return graph.microsoftOp('RotaryEmbedding', [x, shared.ropePositions, cos, sin], {
      num_heads: heads,
      rotary_embedding_dim: config.ropes[rope]!.dimensions,
    });
  };
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
    shape(graph, shared.batch, shared.tokens, graph.ints(kvHeads), graph.ints(group), graph.ints(headDim)),
  ]);
  const query = graph.op('Transpose', [heads], { perm: [2, 0, 3, 1, 4] }); // [kv, b, g, s, d]
  const queryOfAllRows = graph.op('Reshape', [query, graph.ints(kvHeads, -1, headDim)]); // [kv, b*g*s, d]
  const queryByRow = graph.op('Reshape', [
    query,
    shape(graph, graph.ints(kvHeads), shared.batch, graph.ints(-1), graph.ints(headDim)),
  ]); // [kv, b, g*s, d]

  const scores = (q: string, keys: string, tokens: string): string => {
    const product = graph.microsoftOp('FusedMatMul', [q, keys], { transB: 1, alpha: scale });
    const { attentionSoftCap: cap } = config;
    const capped = cap === null ? product : softCap(graph, product, cap);
    return graph.op('Reshape', [
      capped,
      shape(graph, graph.ints(kvHeads), shared.batch, graph.ints(group), shared.tokens, tokens),
    ]);
  };
  const windowBias = window === null ? undefined : shared.windowBias.get(window)!;
  const biased = graph.op('Add', [scores(queryOfAllRows, prefixKeys, shared.prefixTokens), prefixBias]);
  const prefixScores = windowBias === undefined ? biased : graph.op('Add', [biased, windowBias.prefix]);
  const ownScores = graph.op('Add', [scores(queryByRow, ownKeys, shared.ownTokens), ownEntryBias]);
  const ownAndNewScores = graph.op('Add', [
    graph.op('Concat', [ownScores, scores(queryByRow, newKeys, shared.tokens)], { axis: -1 }),
    windowBias?.ownAndNew ?? 'own_bias',
  ]);
  const probabilities = graph.op('Softmax', [graph.op('Concat', [prefixScores, ownAndNewScores], { axis: -1 })], {
    axis: -1,
  }); // [kv, b, g, s, p + o + s]
  const sums = graph.op('MatMul', ['row_groups', probabilities], {}, layerOutput.attentionSums(layer));
  graph.output(sums, elementType.float, [kvHeads, 'b', group, 'r', 'keys']);

  const split = shape(graph, shared.prefixTokens, shared.ownTokens, shared.tokens);
  const [onPrefix, onOwn, onNew] = graph.opWithOutputs('Split', [probabilities, split], 3, { axis: -1 });
  const mixedShape = shape(
    graph,
    graph.ints(kvHeads),
    // Reading the batch size off the sums makes them run here: ORT would otherwise schedule them last and keep the
    // probabilities of every layer alive until then (1.2 instead of 3.4 GB for 1,024 tokens).
    graph.op('Gather', [graph.op('Shape', [sums]), graph.ints(1)]),
    graph.ints(group),
    shared.tokens,
    graph.ints(headDim),
  );
  const mix = (weights: string, flat: string, values: string): string =>
    graph.op('Reshape', [graph.op('MatMul', [graph.op('Reshape', [weights, flat]), values]), mixedShape]);
  const flatPrefix = shape(graph, graph.ints(kvHeads), graph.ints(-1), shared.prefixTokens);
  const flatOwn = shape(graph, graph.ints(kvHeads), shared.batch, graph.ints(-1), shared.ownTokens);
  const flatNew = shape(graph, graph.ints(kvHeads), shared.batch, graph.ints(-1), shared.tokens);
  const mixed = graph.op('Add', [
    graph.op('Add', [mix(onPrefix!, flatPrefix, prefixValues), mix(onOwn!, flatOwn, ownValues)]),
    mix(onNew!, flatNew, newValues),
  ]); // [kv, b, g, s, d]
  return graph.op('Reshape', [
    graph.op('Transpose', [mixed], { perm: [1, 3, 0, 2, 4] }),
    shape(graph, shared.batch, shared.tokens, graph.ints(queryHeads * headDim)),
  ]);
}

const shape = (graph: GraphBuilder, ...dims: string[]): string => graph.op('Concat', dims, { axis: 0 });

/** `cap * tanh(x / cap)`. */
export function softCap(graph: GraphBuilder, x: string, cap: number, output?: string): string {
  const constant = graph.floatConstant(cap);
  return graph.op('Mul', [graph.op('Tanh', [graph.op('Div', [x, constant])]), constant], {}, output);
}

/**
 * Biases of every window of a model, from the original positions of queries and keys (`position_ids`, `prefix_positions`,
 * `own_positions`): a key at least `window` positions before its query is not seen.
 */
export function addWindowBiases(graph: GraphBuilder, windows: readonly number[]): ReadonlyMap<number, WindowBias> {
  if (windows.length === 0) return new Map();
  graph.input('prefix_positions', elementType.int64, ['p']);
  graph.input('own_positions', elementType.int64, ['b', 'o']);
  const unsqueezed = (positions: string, ...axes: number[]): string =>
    graph.op('Unsqueeze', [positions, graph.ints(...axes)]);
  const queries = unsqueezed('position_ids', 0, 2, 4); // [1, b, 1, s, 1]
  const prefix = unsqueezed('prefix_positions', 0, 1, 2, 3); // [1, 1, 1, 1, p]
  const ownAndNew = unsqueezed(graph.op('Concat', ['own_positions', 'position_ids'], { axis: 1 }), 0, 2, 3); // [1, b, 1, 1, o + s]
  return new Map(
    windows.map((window) => {
      const outside = (keys: string): string => {
        const distance = graph.op('Sub', [queries, keys]);
        const isOutside = graph.op('GreaterOrEqual', [distance, graph.ints(window)]);
        return graph.op('Where', [isOutside, graph.floatConstant(masked), graph.floatConstant(0)]);
      };
      return [window, { prefix: outside(prefix), ownAndNew: graph.op('Add', [outside(ownAndNew), 'own_bias']) }];
    }),
  );
}
