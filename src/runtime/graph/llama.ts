import { attention, type SharedShapes } from './attention.ts';
import { embed, type EmbeddingWeight } from './embedding.ts';
import { elseSuffix, thenSuffix, type GraphBuilder } from './graphBuilder.ts';
import { Linear, type LinearWeight } from './linear.ts';
import type { ModelConfig } from './modelConfig.ts';
import { elementType, type ValueInfo } from './onnxModel.ts';
import { addRopeTables } from './rope.ts';
import { layerInput } from './signature.ts';

/** Weights of a Llama decoder by role, whatever file they come from. */
export interface LlamaWeights {
  embedding(): EmbeddingWeight;
  /** The output projection as float: a tied embedding, dequantised. */
  output(): LinearWeight;
  outputNorm(): Float32Array;
  norm(role: 'attention' | 'feedForward', layer: number): Float32Array;
  /** What a GGUF divides the rotary frequencies by, [headDim / 2]; null where the configuration says it all. */
  ropeDivisors(): Float32Array | null;
  linear(role: 'query' | 'key' | 'value' | 'attentionOutput' | 'gate' | 'up' | 'down', layer: number): LinearWeight;
}

/** Builds the instrumented graph of a Llama decoder (signature.ts). Rotary layout: half-split. */
export function buildLlama(graph: GraphBuilder, config: ModelConfig, weights: LlamaWeights): void {
  const { layers, hiddenSize, vocabSize } = config;
  const linear = new Linear(graph);
  const norm = (x: string, name: string, values: Float32Array): string =>
    graph.op('SimplifiedLayerNormalization', [x, graph.weight(name, [hiddenSize], values)], {
      axis: -1,
      epsilon: { float: config.normEpsilon },
      stash_type: 1,
    });

  graph.input('input_ids', elementType.int64, ['b', 's']);
  graph.input('position_ids', elementType.int64, ['b', 's']);
  graph.input('own_bias', elementType.float, [1, 'b', 1, 's', 'os']);
  graph.input('row_groups', elementType.float, ['r', 's']);
  graph.input('logit_rows', elementType.int64, ['n']);
  graph.input('scoring', elementType.bool, [1]);
  graph.input('targets', elementType.int64, ['n', 1]);
  graph.input('reference', elementType.float, ['t', vocabSize]);
  addRopeTables(graph, config, weights.ropeDivisors());

  const inputShape = graph.op('Shape', ['input_ids']);
  const dim = (of: string, axis: number): string => graph.op('Gather', [of, graph.ints(axis)]);
  const shapes: SharedShapes = {
    batch: dim(inputShape, 0),
    tokens: dim(inputShape, 1),
    prefixTokens: dim(graph.op('Shape', [layerInput.prefixKeys(0)]), 1),
    ownTokens: dim(graph.op('Shape', [layerInput.ownKeys(0)]), 2),
  };

  let x = embed(graph, 'input_ids', weights.embedding());
  for (let layer = 0; layer < layers; layer++) {
    const name = (role: string): string => `layers.${layer}.${role}`;
    const h = norm(x, name('attention_norm'), weights.norm('attention', layer));
    const project = (input: string, role: Parameters<LlamaWeights['linear']>[0]): string =>
      linear.apply(input, name(role), weights.linear(role, layer));
    const mixed = attention(graph, config, shapes, layer, {
      query: project(h, 'query'),
      key: project(h, 'key'),
      value: project(h, 'value'),
    });
    x = graph.op('Add', [x, project(mixed, 'attentionOutput')]);
    const f = norm(x, name('feed_forward_norm'), weights.norm('feedForward', layer));
    const gate = project(f, 'gate');
    const silu = graph.op('Mul', [gate, graph.op('Sigmoid', [gate])]);
    x = graph.op('Add', [x, project(graph.op('Mul', [silu, project(f, 'up')]), 'down')]);
  }
  const flat = graph.op('Reshape', [norm(x, 'output_norm', weights.outputNorm()), graph.ints(-1, hiddenSize)]);
  head(
    graph,
    config,
    linear.applyToRows(graph.op('Gather', [flat, 'logit_rows'], { axis: 0 }), 'output', weights.output(), 'logits'),
  );
}

/**
 * What is read off the logits inside the graph, so that a comparison of many rows does not move `n x vocab` floats: the
 * greedy token and, when `scoring` is set, the three numbers from which log-probabilities and KL(reference || row) follow.
 */
function head(graph: GraphBuilder, { vocabSize }: ModelConfig, logits: string): void {
  graph.output(logits, elementType.float, ['n', vocabSize]);
  graph.op('ArgMax', [logits], { axis: -1, keepdims: 0 }, 'argmax');
  graph.output('argmax', elementType.int64, ['n']);
  const last = graph.ints(-1);
  const zero = graph.weight('zero', [1, 1], new Float32Array(1));
  const scores: ValueInfo[] = ['log_sum_exp', 'target_logits', 'cross'].map((name) => ({
    name,
    type: elementType.float,
    dims: [`${name}.rows`, `${name}.columns`],
  }));
  const scored = (): void => {
    const output = (name: string): string => name + thenSuffix;
    // Not ReduceLogSumExp: its float32 sum over a vocabulary of 49,152 is off by up to 2e-4.
    const maximum = graph.op('ReduceMax', [logits, last], { keepdims: 1 });
    const exponentials = graph.op('Exp', [graph.op('Sub', [logits, maximum])]);
    const sum = graph.op('ReduceSum', [exponentials, last], { keepdims: 1 });
    graph.op('Add', [graph.op('Log', [sum]), maximum], {}, output('log_sum_exp'));
    graph.op('GatherElements', [logits, 'targets'], { axis: 1 }, output('target_logits'));
    const referenceTokens = graph.op('Gather', [graph.op('Shape', ['reference']), graph.ints(0)]);
    const shape = graph.op('Concat', [last, referenceTokens, graph.ints(vocabSize)], { axis: 0 });
    const product = graph.op('Mul', [graph.op('Reshape', [logits, shape]), 'reference']); // [n / t, t, vocab]
    graph.op('ReduceSum', [product, last], { keepdims: 0 }, output('cross'));
  };
  const notScored = (): void => {
    for (const { name } of scores) graph.op('Identity', [zero], {}, name + elseSuffix);
  };
  graph.branch('scoring', scores, scored, notScored);
}
