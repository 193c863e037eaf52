import {
  boolTensor,
  floats,
  floatTensor,
  int64Tensor,
  integers,
  type OnnxSession,
  type Tensor,
} from '../engine/onnxSession.ts';
import { positionsOf, windowsOf, type ModelConfig } from '../graph/modelConfig.ts';
import { longRopeStart } from '../graph/rope.ts';
import { layerInput, layerOutput, masked } from '../graph/signature.ts';

/** Keys and values of a run of tokens, one array per layer. */
export interface LayerKeyValues {
  readonly keys: readonly Float32Array[];
  readonly values: readonly Float32Array[];
}

/** What all rows have in common: the exact entries of positions 0 .. tokens - 1. */
export interface PrefixCache extends LayerKeyValues {
  readonly tokens: number; // each layer's keys and values are [kv, tokens, d]
  /** Where the first token after it stands: `tokens`, less where a policy moved kept keys together. */
  readonly nextPosition?: number;
  /** The conversation rotates by LongRoPE's long divisors; without meaning for other models. */
  readonly longRope?: boolean;
}

/** Position of the first token after a prefix. */
export const nextPosition = ({ tokens, nextPosition }: PrefixCache): number => nextPosition ?? tokens;

/** What rows are run on: the exact prefill, or a variant that has keys and values of its own. */
export interface PrefixView {
  readonly keyValues: PrefixCache;
}

/** One run of the graph: `s` new tokens for each of `b` rows (shapes as in graph/signature.ts). */
export interface DecoderStep {
  readonly rows: number; // b
  readonly tokens: number; // s
  readonly ids: Int32Array; // [b, s]
  readonly positions: Int32Array; // [b, s]
  readonly prefix: PrefixCache;
  /** Per layer [kv, b, p]; null lets every row see the whole prefix. */
  readonly prefixBias: readonly Float32Array[] | null;
  /** Each row's earlier tokens, each [kv, b, o, d]; null where there are none. */
  readonly own: (LayerKeyValues & { readonly tokens: number }) | null;
  readonly ownBias: Float32Array; // [b, s, o + s]
  /** What rows do not see of their own entries in single layers and KV heads, per layer [kv, b, o]; absent: nothing. */
  readonly ownEntryBias?: readonly Float32Array[];
  /** Which query rows the attention sums add up, [r, s]. */
  readonly rowGroups?: { readonly count: number; readonly weights: Float32Array };
  /** Rows of the flattened [b, s] that get logits. */
  readonly logitRows: Int32Array; // [n]
  /** What is read of the logits; without a reference there is nothing to compare with, and `cross` is without meaning. */
  readonly scoring?: {
    readonly targets: Int32Array; // [n]
    readonly reference?: ReferenceProbabilities;
  };
}

/** Probabilities that rows are compared with. */
interface ReferenceProbabilities {
  readonly probabilities: Float32Array; // [t, vocab]
  readonly tokens: number; // t
}

export type DecoderOutput =
  'logits' | 'argmax' | 'scores' | 'probabilities' | 'keyValues' | 'sums' | 'queries' | 'inputNorms';

/** What a step gave; only what was asked for is there. */
export class StepResult {
  constructor(
    readonly outputs: Record<string, Tensor>,
    /** Columns of the attention sums: entries of the prefix part, of the own part, new tokens (with the hidden fillers). */
    readonly columns: { readonly prefix: number; readonly own: number; readonly tokens: number },
  ) {}

  get logits(): Float32Array {
    return floats(this.outputs, 'logits'); // [n, vocab]
  }

  get argmax(): Int32Array {
    return integers(this.outputs, 'argmax'); // [n]
  }

  get logSumExp(): Float32Array {
    return floats(this.outputs, 'log_sum_exp'); // [n]
  }

  get targetLogits(): Float32Array {
    return floats(this.outputs, 'target_logits'); // [n]
  }

  /** Sum over the vocabulary of reference probability x logit, [n]. */
  get cross(): Float32Array {
    return floats(this.outputs, 'cross');
  }

  get probabilities(): Float32Array {
    return floats(this.outputs, 'probabilities'); // [n, vocab]: of all rows where they are asked for
  }

  newKeys(layer: number): Float32Array {
    return floats(this.outputs, layerOutput.newKeys(layer)); // [kv, b, s, d]
  }

  newValues(layer: number): Float32Array {
    return floats(this.outputs, layerOutput.newValues(layer)); // [kv, b, s, d]
  }

  /** Before RoPE, [b * s, query heads * d]. */
  queries(layer: number): Float32Array {
    return floats(this.outputs, layerOutput.queries(layer));
  }

  /** Euclidean norms of what attention projects, [b * s]. */
  inputNorms(layer: number): Float32Array {
    return floats(this.outputs, layerOutput.inputNorms(layer));
  }

  /** [kv, b, g, r, columns]; with one row the first three are the query heads. */
  sums(layer: number): Float32Array {
    return floats(this.outputs, layerOutput.attentionSums(layer));
  }
}

/** The graph as a function of tokens, caches and biases. Stateless: all caches are arguments. */
export class Decoder {
  readonly #noReference: ReferenceProbabilities;
  readonly #slides: boolean;
  /** Row of the rotary tables where those for long sequences begin; null for models that have one form only. */
  readonly #longRopeRow: number | null;

  constructor(
    readonly session: OnnxSession,
    readonly config: ModelConfig,
  ) {
    this.#noReference = { probabilities: new Float32Array(config.vocabSize), tokens: 1 };
    this.#slides = windowsOf(config).length > 0;
    this.#longRopeRow = longRopeStart(config) === null ? null : positionsOf(config);
  }

  async run(step: DecoderStep, wanted: readonly DecoderOutput[]): Promise<StepResult> {
    const { layers, kvHeads, headDim, vocabSize } = this.config;
    const { rows, tokens } = step;
    // Execution providers differ on empty tensors, so an empty prefix or own cache is one entry that nobody sees.
    const prefix = step.prefix.tokens > 0 ? step.prefix : this.#filler(1);
    const own = step.own ?? this.#filler(rows);
    const ownBias = step.own === null ? withHiddenColumn(step.ownBias, tokens) : step.ownBias;
    const n = step.logitRows.length;
    const observes = wanted.includes('queries') || wanted.includes('inputNorms');
    const observed = Int32Array.from({ length: observes ? rows * tokens : 1 }, (_, row) => row);
    const asked = Int32Array.from({ length: wanted.includes('probabilities') ? n : 1 }, (_, row) => row);
    const reference = step.scoring?.reference ?? this.#noReference;
    const feeds: Record<string, Tensor> = {
      input_ids: int64Tensor(step.ids, [rows, tokens]),
      position_ids: int64Tensor(step.positions, [rows, tokens]),
      own_bias: floatTensor(ownBias, [1, rows, 1, tokens, own.tokens + tokens]),
      row_groups: floatTensor(step.rowGroups?.weights ?? new Float32Array(tokens), [
        step.rowGroups?.count ?? 1,
        tokens,
      ]),
      observed_rows: int64Tensor(observed, [observed.length]),
      logit_rows: int64Tensor(step.logitRows, [n]),
      probability_rows: int64Tensor(asked, [asked.length]),
      scoring: boolTensor(step.scoring !== undefined),
      targets: int64Tensor(step.scoring?.targets ?? new Int32Array(n), [n, 1]),
      reference: floatTensor(reference.probabilities, [reference.tokens, vocabSize]),
    };
    if (this.#slides) {
      // A row's own tokens follow the prefix without gaps; what lies beyond its length is hidden by the bias.
      const ownPositions = Int32Array.from(
        { length: rows * own.tokens },
        (_, i) => nextPosition(step.prefix) + (i % own.tokens),
      );
      feeds.prefix_positions = int64Tensor(
        Array.from({ length: prefix.tokens }, (_, i) => i),
        [prefix.tokens],
      );
      feeds.own_positions = int64Tensor(ownPositions, [rows, own.tokens]);
    }
    if (this.#longRopeRow !== null) {
      const first = step.prefix.longRope === true ? this.#longRopeRow : 0;
      feeds.rope_positions = int64Tensor(
        step.positions.map((position) => first + position),
        [rows, tokens],
      );
    }
    const prefixShape = [kvHeads, prefix.tokens, headDim];
    const ownShape = [kvHeads, rows, own.tokens, headDim];
    const biasShape = [kvHeads, rows, 1, 1, prefix.tokens];
    const nothingEvicted = floatTensor(new Float32Array(1), [1, 1, 1, 1, 1]);
    const sameBias =
      step.prefix.tokens === 0
        ? new Float32Array(kvHeads * rows).fill(masked)
        : step.prefixBias === null
          ? new Float32Array(kvHeads * rows * prefix.tokens)
          : null;
    for (let layer = 0; layer < layers; layer++) {
      feeds[layerInput.prefixKeys(layer)] = floatTensor(prefix.keys[layer]!, prefixShape);
      feeds[layerInput.prefixValues(layer)] = floatTensor(prefix.values[layer]!, prefixShape);
      feeds[layerInput.ownKeys(layer)] = floatTensor(own.keys[layer]!, ownShape);
      feeds[layerInput.ownValues(layer)] = floatTensor(own.values[layer]!, ownShape);
      feeds[layerInput.prefixBias(layer)] = floatTensor(sameBias ?? step.prefixBias![layer]!, biasShape);
      feeds[layerInput.ownEntryBias(layer)] =
        step.ownEntryBias === undefined
          ? nothingEvicted
          : floatTensor(step.ownEntryBias[layer]!, [kvHeads, rows, 1, 1, own.tokens]);
    }
    const outputs = await this.session.run(feeds, this.#fetches(wanted));
    return new StepResult(outputs, { prefix: prefix.tokens, own: own.tokens, tokens });
  }

  /** One zero entry for each of `rows`. */
  #filler(rows: number): LayerKeyValues & { readonly tokens: number } {
    const zeros = new Float32Array(this.config.kvHeads * rows * this.config.headDim);
    const layers = new Array<Float32Array>(this.config.layers).fill(zeros);
    return { keys: layers, values: layers, tokens: 1 };
  }

  #fetches(wanted: readonly DecoderOutput[]): string[] {
    const names: string[] = [];
    const perLayer = (name: (layer: number) => string): void => {
      for (let layer = 0; layer < this.config.layers; layer++) names.push(name(layer));
    };
    for (const output of wanted) {
      if (output === 'scores') names.push('log_sum_exp', 'target_logits', 'cross', 'argmax');
      else if (output === 'keyValues') [layerOutput.newKeys, layerOutput.newValues].forEach(perLayer);
      else if (output === 'sums') perLayer(layerOutput.attentionSums);
      else if (output === 'queries') perLayer(layerOutput.queries);
      else if (output === 'inputNorms') perLayer(layerOutput.inputNorms);
      else names.push(output);
    }
    return names;
  }
}

/** Bias of `tokens` new tokens after `before` tokens that all of them see: [tokens, before + tokens] for each of `rows`. */
export function causalBias(rows: number, tokens: number, before = 0): Float32Array {
  const width = before + tokens;
  const bias = new Float32Array(rows * tokens * width);
  for (let query = 0; query < tokens; query++) {
    bias.fill(masked, query * width + before + query + 1, (query + 1) * width);
  }
  for (let row = 1; row < rows; row++) bias.copyWithin(row * tokens * width, 0, tokens * width);
  return bias;
}

/** [.., width] -> [.., 1 + width] with a hidden first column. */
function withHiddenColumn(bias: Float32Array, width: number): Float32Array {
  const rows = bias.length / width;
  const wider = new Float32Array(rows * (width + 1));
  for (let row = 0; row < rows; row++) {
    wider[row * (width + 1)] = masked;
    wider.set(bias.subarray(row * width, (row + 1) * width), row * (width + 1) + 1);
  }
  return wider;
}
