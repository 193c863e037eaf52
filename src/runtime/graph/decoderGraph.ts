import { addWindowBiases, attention, softCap, type SharedInputs } from './attention.ts';
import type { DecoderWeights } from './decoderWeights.ts';
import { embed } from './embedding.ts';
import { elseSuffix, thenSuffix, type GraphBuilder } from './graphBuilder.ts';
import { Linear, type LinearWeight } from './linear.ts';
import { windowsOf, type Activation, type ModelConfig } from './modelConfig.ts';
import { elementType, type ValueInfo } from './onnxModel.ts';
import { addRopeTables, longRopeStart } from './rope.ts';
import { layerInput, layerOutput } from './signature.ts';
import type { LinearRole, NormRole } from './tensorNames.ts';

/**
 * Builds the instrumented graph of a decoder (signature.ts). Families share all of it and differ in the blueprint alone.
 * Rotary layout: half-split.
 */
export function buildDecoder(graph: GraphBuilder, config: ModelConfig, weights: DecoderWeights): void {
  const { layers, hiddenSize } = config;
  const linear = new Linear(graph);
  const shared = addInputs(graph, config);
  addRopeTables(graph, config);

  const embedded = embed(graph, 'input_ids', weights.embedding());
  const { embeddingScale } = config;
  let x = embeddingScale === 1 ? embedded : graph.op('Mul', [embedded, graph.floatConstant(embeddingScale)]);
  for (let layer = 0; layer < layers; layer++) {
    const block = new Block(graph, linear, config, weights, layer);
    x = block.residual(x, 'attention', (h) => {
      const query = block.headNorm(block.project(h, 'query'), 'query');
      block.observe(h, query);
      const mixed = attention(graph, config, shared, layer, {
        query,
        key: block.headNorm(block.project(h, 'key'), 'key'),
        value: block.project(h, 'value'),
      });
      return block.project(mixed, 'attentionOutput');
    });
    x = block.residual(x, 'feedForward', (h) => {
      const gated = activate(graph, config.activation, block.project(h, 'gate'));
      return block.project(graph.op('Mul', [gated, block.project(h, 'up')]), 'down');
    });
  }
  const normed = rmsNorm(graph, config, x, 'output_norm', weights.outputNorm());
  const flat = graph.op('Reshape', [normed, graph.ints(-1, hiddenSize)]);
  const rows = graph.op('Gather', [flat, 'logit_rows'], { axis: 0 });
  head(graph, config, softCapped(graph, linear, config, rows, weights.output()));
}

/** Declares the inputs that layers share, and derives what several of them need. */
function addInputs(graph: GraphBuilder, config: ModelConfig): SharedInputs {
  graph.input('input_ids', elementType.int64, ['b', 's']);
  graph.input('position_ids', elementType.int64, ['b', 's']);
  graph.input('own_bias', elementType.float, [1, 'b', 1, 's', 'os']);
  graph.input('row_groups', elementType.float, ['r', 's']);
  graph.input('observed_rows', elementType.int64, ['m']);
  graph.input('logit_rows', elementType.int64, ['n']);
  graph.input('probability_rows', elementType.int64, ['k']);
  graph.input('scoring', elementType.bool, [1]);
  graph.input('targets', elementType.int64, ['n', 1]);
  graph.input('reference', elementType.float, ['t', config.vocabSize]);
  const inputShape = graph.op('Shape', ['input_ids']);
  const dim = (of: string, axis: number): string => graph.op('Gather', [of, graph.ints(axis)]);
  const shapes = {
    batch: dim(inputShape, 0),
    tokens: dim(inputShape, 1),
    prefixTokens: dim(graph.op('Shape', [layerInput.prefixKeys(0)]), 1),
    ownTokens: dim(graph.op('Shape', [layerInput.ownKeys(0)]), 2),
  };
  const ropePositions =
    longRopeStart(config) === null ? 'position_ids' : graph.input('rope_positions', elementType.int64, ['b', 's']);
  return { ...shapes, ropePositions, windowBias: addWindowBiases(graph, windowsOf(config)) };
}

/** One layer's weights, and where its blocks normalise. */
class Block {
  constructor(
    readonly graph: GraphBuilder,
    readonly linear: Linear,
    readonly config: ModelConfig,
    readonly weights: DecoderWeights,
    readonly layer: number,
  ) {}

  project(x: string, role: LinearRole): string {
    return this.linear.apply(x, this.#name(role), this.weights.linear(role, this.layer));
  }

  /** `x + block(x)`, with the norms that the family has. */
  residual(x: string, role: 'attention' | 'feedForward', block: (h: string) => string): string {
    const { norms } = this.config;
    const before = norms === 'after' ? x : this.#norm(x, role);
    const mixed = block(before);
    const after = role === 'attention' ? 'afterAttention' : 'afterFeedForward';
    return this.graph.op('Add', [x, norms === 'before' ? mixed : this.#norm(mixed, after)]);
  }

  /** Queries or keys `[b, s, heads * d]`, normalised where the family does. */
  headNorm(x: string, role: 'query' | 'key'): string {
    const { graph } = this;
    const { queryKeyNorm, queryHeads, kvHeads, headDim } = this.config;
    if (queryKeyNorm === 'none') return x;
    if (queryKeyNorm === 'all-heads') return this.#norm(x, role);
    const heads = role === 'query' ? queryHeads : kvHeads;
    const byHead = graph.op('Reshape', [x, graph.ints(0, 0, heads, headDim)]);
    return graph.op('Reshape', [this.#norm(byHead, role), graph.ints(0, 0, heads * headDim)]);
  }

  /** Gives queries and norms of the rows asked for; the others are freed as soon as attention has read them. */
  observe(input: string, query: string): void {
    const { graph, layer } = this;
    const { queryHeads, headDim, hiddenSize } = this.config;
    const observed = (x: string, width: number, output?: string): string =>
      graph.op('Gather', [graph.op('Reshape', [x, graph.ints(-1, width)]), 'observed_rows'], { axis: 0 }, output);
    const width = queryHeads * headDim;
    observed(query, width, layerOutput.queries(layer));
    graph.output(layerOutput.queries(layer), elementType.float, ['m', width]);
    const rows = observed(input, hiddenSize);
    graph.op('ReduceL2', [rows, graph.ints(-1)], { keepdims: 0 }, layerOutput.inputNorms(layer));
    graph.output(layerOutput.inputNorms(layer), elementType.float, ['m']);
  }

  #norm(x: string, role: NormRole): string {
    return rmsNorm(this.graph, this.config, x, this.#name(`${role}_norm`), this.weights.norm(role, this.layer));
  }

  #name(role: string): string {
    return `layers.${this.layer}.${role}`;
  }
}

function rmsNorm(graph: GraphBuilder, config: ModelConfig, x: string, name: string, weight: Float32Array): string {
  return graph.op('SimplifiedLayerNormalization', [x, graph.weight(name, [weight.length], weight)], {
    axis: -1,
    epsilon: { float: config.normEpsilon },
    stash_type: 1,
  });
}

function activate(graph: GraphBuilder, activation: Activation, x: string): string {
  switch (activation) {
    case 'silu':
      return graph.op('Mul', [x, graph.op('Sigmoid', [x])]);
    case 'gelu':
      return graph.op('Gelu', [x], { approximate: 'none' });
    case 'gelu-tanh':
      return graph.op('Gelu', [x], { approximate: 'tanh' });
  }
}

/** The output projection under the name `logits`. */
function softCapped(
  graph: GraphBuilder,
  linear: Linear,
  { logitSoftCap }: ModelConfig,
  rows: string,
  weight: LinearWeight,
): string {
  if (logitSoftCap === null) return linear.applyToRows(rows, 'output', weight, 'logits');
  return softCap(graph, linear.applyToRows(rows, 'output', weight), logitSoftCap, 'logits');
}

/**
 * What is read off the logits inside the graph, so that a comparison of many rows does not move `n x vocab` floats: the
 * greedy token, the probabilities of the rows asked for, and, when `scoring` is set, the three numbers from which
 * log-probabilities and KL(reference || row) follow.
 */
function head(graph: GraphBuilder, { vocabSize }: ModelConfig, logits: string): void {
  graph.output(logits, elementType.float, ['n', vocabSize]);
  graph.op('ArgMax', [logits], { axis: -1, keepdims: 0 }, 'argmax');
  graph.output('argmax', elementType.int64, ['n']);
  const asked = graph.op('Gather', [logits, 'probability_rows'], { axis: 0 });
  graph.op('Softmax', [asked], { axis: -1 }, 'probabilities');
  graph.output('probabilities', elementType.float, ['k', vocabSize]);
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
