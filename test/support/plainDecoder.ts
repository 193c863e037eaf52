import { decoderWeights } from '../../src/runtime/graph/decoderWeights.ts';
import type { LinearWeight } from '../../src/runtime/graph/linear.ts';
import type { ModelConfig } from '../../src/runtime/graph/modelConfig.ts';
import { rotaryOfLayer } from '../../src/runtime/graph/rope.ts';
import type { LinearRole, NormRole } from '../../src/runtime/graph/tensorNames.ts';
import { wholeMatrix } from '../../src/runtime/graph/weightMatrix.ts';
import type { WeightSource } from '../../src/runtime/weights/weightSource.ts';

/** One cached token of one KV head. */
export interface Entry {
  readonly position: number;
  readonly key: ArrayLike<number>; // [headDim], after RoPE
  readonly value: ArrayLike<number>; // [headDim]
}

/** What each KV head of each layer holds, physically: an entry that was evicted is nowhere. */
export type Held = Entry[][][]; // [layers][kvHeads][entries]

export interface Fed {
  readonly logits: Float64Array; // [vocab]
  /** Of the token over the entries that its KV head held then, itself the last. */
  readonly attention: readonly (readonly Float64Array[])[]; // [layers][queryHeads][entries]
  /** Norm of the attention's input, per layer. */
  readonly inputNorms: readonly number[];
}

interface Matrix {
  readonly weight: Float32Array; // [rows, cols]
  readonly cols: number;
  readonly bias: Float32Array | undefined;
}

/** A decoder written down token by token in float64, without batches, masks or a graph: the reference of what these compute. */
export class PlainDecoder {
  readonly #linear: (role: LinearRole, layer: number) => Matrix;
  readonly #norm: (role: NormRole, layer: number) => Float32Array;
  readonly #embedding: Matrix;
  readonly #output: Matrix;
  readonly #outputNorm: Float32Array;

  /** Reads all weights; `source` may be closed afterwards. */
  constructor(
    source: WeightSource,
    readonly config: ModelConfig,
    /** Rotate by LongRoPE's long divisors. */
    readonly longRope = false,
  ) {
    const weights = decoderWeights(source, config, 'float32');
    const whole = (matrix: LinearWeight): Matrix => ({
      weight: wholeMatrix(matrix),
      cols: matrix.cols,
      bias: matrix.bias,
    });
    this.#embedding = whole(weights.embedding());
    this.#output = whole(weights.output());
    this.#outputNorm = weights.outputNorm();
    const linear = remembered((role: LinearRole, layer) => whole(weights.linear(role, layer)));
    const norm = remembered((role: NormRole, layer) => weights.norm(role, layer));
    [this.#linear, this.#norm] = [linear, norm];
    for (let layer = 0; layer < config.layers; layer++) {
      for (const role of ['query', 'key', 'value', 'attentionOutput', 'gate', 'up', 'down'] as const)
        linear(role, layer);
      if (config.norms !== 'after') for (const role of ['attention', 'feedForward'] as const) norm(role, layer);
      if (config.norms !== 'before')
        for (const role of ['afterAttention', 'afterFeedForward'] as const) norm(role, layer);
      if (config.queryKeyNorm !== 'none') for (const role of ['query', 'key'] as const) norm(role, layer);
    }
  }

  empty(): Held {
    const { layers, kvHeads } = this.config;
    return Array.from({ length: layers }, () => Array.from({ length: kvHeads }, () => []));
  }

  /** Feeds one token: each head holds it then, and it attends to what its head holds. Changes `held`. */
  feed(id: number, position: number, held: Held): Fed {
    const { config } = this;
    const attention: Float64Array[][] = [];
    const inputNorms: number[] = [];
    const { weight, cols } = this.#embedding;
    let x: Float64Array = Float64Array.from(
      weight.subarray(id * cols, (id + 1) * cols),
      (value) => value * config.embeddingScale,
    );
    for (let layer = 0; layer < config.layers; layer++) {
      x = this.#residual(x, 'attention', 'afterAttention', layer, (h) => {
        inputNorms.push(Math.hypot(...h));
        const { mixed, probabilities } = this.#attend(h, position, held[layer]!, layer);
        attention.push(probabilities);
        return mixed;
      });
      x = this.#residual(x, 'feedForward', 'afterFeedForward', layer, (h) => {
        const up = times(this.#linear('up', layer), h);
        const gated = times(this.#linear('gate', layer), h).map((gate, i) => activated(config, gate) * up[i]!);
        return times(this.#linear('down', layer), gated);
      });
    }
    const logits = times(this.#output, this.#normed(x, this.#outputNorm));
    return { logits: logits.map((logit) => capped(logit, config.logitSoftCap)), attention, inputNorms };
  }

  #residual(
    x: Float64Array,
    before: NormRole,
    after: NormRole,
    layer: number,
    block: (h: Float64Array) => Float64Array,
  ): Float64Array {
    const { norms } = this.config;
    const added = block(norms === 'after' ? x : this.#normed(x, this.#norm(before, layer)));
    const sum = norms === 'before' ? added : this.#normed(added, this.#norm(after, layer));
    return x.map((value, i) => value + sum[i]!);
  }

  #normed(x: Float64Array, weight: Float32Array): Float64Array {
    const square = x.reduce((sum, value) => sum + value * value, 0) / x.length;
    return x.map((value, i) => (value * weight[i]!) / Math.sqrt(square + this.config.normEpsilon));
  }

  #heads(h: Float64Array, role: 'query' | 'key' | 'value', position: number, layer: number): Float64Array[] {
    const { headDim, queryKeyNorm } = this.config;
    const projected = times(this.#linear(role, layer), h);
    const joined =
      role !== 'value' && queryKeyNorm === 'all-heads' ? this.#normed(projected, this.#norm(role, layer)) : projected;
    return Array.from({ length: joined.length / headDim }, (_, head) => {
      const vector = joined.slice(head * headDim, (head + 1) * headDim);
      if (role === 'value') return vector;
      return this.#rotated(
        queryKeyNorm === 'per-head' ? this.#normed(vector, this.#norm(role, layer)) : vector,
        position,
        layer,
      );
    });
  }

  #rotated(vector: Float64Array, position: number, layer: number): Float64Array {
    const rotary = rotaryOfLayer(this.config, layer, this.longRope);
    const { half } = rotary;
    const { cos, sin } = rotary.at(position, position + 1);
    return vector.map((value, i) => {
      if (i >= 2 * half) return value;
      const [pair, other] = i < half ? [i, -vector[i + half]!] : [i - half, vector[i - half]!];
      return value * cos[pair]! + other * sin[pair]!;
    });
  }

  #attend(h: Float64Array, position: number, held: Entry[][], layer: number) {
    const { config } = this;
    const { headDim, kvHeads, queryHeads } = config;
    const { window } = config.attention[layer]!;
    const [keys, values] = [this.#heads(h, 'key', position, layer), this.#heads(h, 'value', position, layer)];
    for (let head = 0; head < kvHeads; head++) held[head]!.push({ position, key: keys[head]!, value: values[head]! });
    const mixed = new Float64Array(queryHeads * headDim);
    const probabilities = this.#heads(h, 'query', position, layer).map((query, head) => {
      const entries = held[Math.floor((head * kvHeads) / queryHeads)]!;
      const scores = entries.map((entry) => {
        if (window !== null && position - entry.position >= window) return -Infinity;
        const product = query.reduce((sum, value, i) => sum + value * entry.key[i]!, 0);
        return capped(product * config.attentionScale, config.attentionSoftCap);
      });
      const highest = Math.max(...scores);
      const weights = Float64Array.from(scores, (score) => Math.exp(score - highest));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (const [index, { value }] of entries.entries())
        for (let i = 0; i < headDim; i++) mixed[head * headDim + i]! += (weights[index]! / total) * value[i]!;
      return weights.map((weight) => weight / total);
    });
    return { mixed: times(this.#linear('attentionOutput', layer), mixed), probabilities };
  }
}

function remembered<Role extends string, T>(read: (role: Role, layer: number) => T): (role: Role, layer: number) => T {
  const known = new Map<string, T>();
  return (role, layer) => {
    const key = `${role} ${layer}`;
    if (!known.has(key)) known.set(key, read(role, layer));
    return known.get(key)!;
  };
}

function times({ weight, cols, bias }: Matrix, x: Float64Array): Float64Array {
  const product = new Float64Array(weight.length / cols);
  for (let row = 0; row < product.length; row++) {
    let sum = bias === undefined ? 0 : bias[row]!;
    for (let col = 0; col < cols; col++) sum += weight[row * cols + col]! * x[col]!;
    product[row] = sum;
  }
  return product;
}

const capped = (value: number, cap: number | null): number => (cap === null ? value : cap * Math.tanh(value / cap));

function activated({ activation }: ModelConfig, x: number): number {
  if (activation === 'silu') return x / (1 + Math.exp(-x));
  if (activation === 'gelu-tanh') return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
  throw new Error(`No test model has the activation ${activation}.`);
}

/** The entries of a cache [layers][kvHeads, S, headDim] that are kept, taken out one by one. */
export function gathered(
  cache: { readonly keys: readonly Float32Array[]; readonly values: readonly Float32Array[]; readonly tokens: number },
  { kvHeads, headDim }: Pick<ModelConfig, 'kvHeads' | 'headDim'>,
  kept: (layer: number, head: number) => Iterable<number>,
): Held {
  return cache.keys.map((keys, layer) =>
    Array.from({ length: kvHeads }, (_, head) =>
      Array.from(kept(layer, head), (position): Entry => {
        const at = (head * cache.tokens + position) * headDim;
        const values = cache.values[layer]!;
        return { position, key: keys.slice(at, at + headDim), value: values.slice(at, at + headDim) };
      }),
    ),
  );
}
