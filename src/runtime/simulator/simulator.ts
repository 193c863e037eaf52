import { compress } from '../../cache/compress.ts';
import { parseDecode, type DecodeId } from '../../cache/decode/index.ts';
import type { KeptSet } from '../../cache/keptSet.ts';
import { unionOfNeeds } from '../../cache/layerObservation.ts';
import { secondPassKey } from '../../cache/secondPass.ts';
import { parsePolicy, type PolicyId } from '../../cache/policies/index.ts';
import { HoldfastError } from '../../errors.ts';
import { encodeSystemTurn, encodeUserSuffix, type ChatTemplate } from '../chatTemplate/index.ts';
import { positionsOf } from '../graph/modelConfig.ts';
import type {
  Answered,
  AnswerRow,
  CompareRow,
  Comparison,
  CompressedCache,
  EncodedTurn,
  Generated,
  GenerateRow,
  Mask,
  PrefixHandle,
  RowProgress,
} from '../languageModel.ts';
import type { Batches } from '../memory/batches.ts';
import type { MemoryBudget } from '../memory/budget.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { Comparer } from './compare.ts';
import type { Decoder } from './decoder.ts';
import { answer, answerEvicting } from './answer.ts';
import type { Continuation } from './decode.ts';
import { generate, generateEvicting, type Evicting } from './generate.ts';
import { groupBy } from './groupBy.ts';
import { fedTokens, runSecondPass, type PassResult } from './secondPass.ts';
import { prefixShape } from './prefixShape.ts';
import type { Pause } from './pause.ts';
import { prefill, type Prefill } from './prefill.ts';
import { hiddenEntries, type HiddenEntries } from './prefixMask.ts';

/** One compressed cache over a prefix. */
interface Variant {
  readonly kept: KeptSet;
  /** Over the exact prefill, or over the variant's own keys and values where its policy changes them. */
  readonly comparer: Comparer;
}

/** A system turn that is being audited: its exact prefill and the caches compressed from it. */
interface PrefixState {
  readonly prefill: Prefill;
  readonly comparer: Comparer;
  /** How much runs together beside this prefix. */
  readonly batches: Batches;
  readonly variants: Variant[];
}

/**
 * The language model as the engine's child runs it: text in, small results out. Keys, values and logits stay here.
 * Everything is deterministic: decoding is greedy, ties go to the lower token id.
 */
export class Simulator {
  readonly #prefixes = new Map<number, PrefixState>();
  #nextPrefix = 0;
  /** An audit after an edit of the same prompt goes on from what did not change. */
  #lastReleased: Prefill | null = null;

  constructor(
    readonly decoder: Decoder,
    readonly tokenizer: Tokenizer,
    readonly template: ChatTemplate,
    /** The tokens that end an answer. */
    readonly stopIds: ReadonlySet<number>,
    readonly memory: Pick<MemoryBudget, 'batches'>,
    /** The weight of a layer's output projection, [hidden, queryHeads * headDim]; read when a policy scores with it. */
    readonly outputWeight: (layer: number) => Float32Array,
  ) {}

  encodeSystem(system: string): EncodedTurn {
    return encodeSystemTurn(this.template, this.tokenizer, system);
  }

  encodeUser(system: string, user: string): Int32Array {
    return encodeUserSuffix(this.template, this.tokenizer, system, user);
  }

  /** Computes what `policies` read of the prefill, and nothing else. */
  async prefill(
    ids: Int32Array,
    policies: readonly PolicyId[],
    pause: Pause,
    progress?: RowProgress,
    decode?: DecodeId,
  ): Promise<PrefixHandle> {
    const limit = positionsOf(this.decoder.config);
    if (ids.length === 0 || ids.length > limit) {
      throw new HoldfastError(
        'prompt-too-long',
        `The system turn has ${ids.length} tokens; this model takes 1 to ${limit}.`,
        'Shorten the prompt, or choose a model with a longer context.',
      );
    }
    const earlier = [...this.#prefixes.values()].map((state) => state.prefill);
    if (this.#lastReleased !== null) earlier.push(this.#lastReleased);
    const batches = this.memory.batches(ids.length);
    const readsAttention = decode !== undefined && parseDecode(decode).prefixAttention;
    const needs = unionOfNeeds([
      ...policies.map((policy) => parsePolicy(policy).needs(ids.length)),
      readsAttention ? { rowGroups: ['all'] } : {},
    ]);
    const { queries } = needs;
    const outputWeight = needs.outputWeight ? this.outputWeight : undefined;
    const secondPasses = new Map<string, PassResult>();
    const options = { ...batches, earlier, queries, outputWeight, secondPasses };
    const done = await prefill(this.decoder, ids, needs.rowGroups, pause, progress, options);
    for (const pass of needs.secondPasses) {
      const fed = fedTokens(pass.feed, ids, this.template, this.tokenizer);
      secondPasses.set(secondPassKey(pass), await runSecondPass(this.decoder, done, pass, fed, pause));
    }
    const prefix = this.#nextPrefix++;
    const comparer = new Comparer(this.decoder, done, batches);
    this.#prefixes.set(prefix, { prefill: done, comparer, batches, variants: [] });
    return { prefix, seqLen: ids.length };
  }

  compress(handle: PrefixHandle, policy: PolicyId, ratio: number): CompressedCache {
    const state = this.#state(handle);
    const { prefill: exact, comparer } = state;
    const { keyValues, nextPosition, ...compression } = compress(exact.observations, parsePolicy(policy), ratio);
    const isMoved = nextPosition !== handle.seqLen;
    if (isMoved && this.decoder.config.attention.some(({ window }) => window !== null)) {
      throw new HoldfastError(
        'invalid-settings',
        `${policy} moves the keys of some layers together, but this model has layers with a sliding window that keep theirs.`,
        'Choose a policy that keeps the original positions.',
      );
    }
    const isExact = keyValues === undefined && !isMoved;
    const own = { ...exact.keyValues, ...keyValues, nextPosition };
    state.variants.push({ kept: compression.kept, comparer: isExact ? comparer : comparer.over({ keyValues: own }) });
    return { ...compression, variant: state.variants.length - 1 };
  }

  async generate(
    handle: PrefixHandle,
    rows: readonly GenerateRow[],
    pause: Pause,
    progress?: RowProgress,
  ): Promise<Generated[]> {
    const state = this.#state(handle);
    this.#checkLength(handle, rows, Math.max(0, ...rows.map((row) => row.maxTokens)));
    const { decoder, stopIds } = this;
    const continuations = await this.#onVariants(state, rows, progress, (comparer, some, told) => {
      const continued = some.map(({ mask, suffix, maxTokens }) => ({
        hidden: this.#hidden(state, mask),
        suffix,
        maxTokens,
      }));
      const evicting = evictingIn(state, some);
      return evicting === undefined
        ? generate(decoder, comparer.prefix, continued, stopIds, pause, told, state.batches)
        : generateEvicting(decoder, comparer.prefix, continued, evicting, stopIds, pause, told, state.batches);
    });
    return continuations.map((continuation) => this.#generated(continuation));
  }

  async compare(
    handle: PrefixHandle,
    rows: readonly CompareRow[],
    pause: Pause,
    progress?: RowProgress,
  ): Promise<Comparison[]> {
    const state = this.#state(handle);
    this.#checkLength(handle, rows, Math.max(0, ...rows.map(({ target }) => target.length)));
    return await this.#onVariants(state, rows, progress, (comparer, some, told) =>
      comparer.compare(
        some.map(({ mask, ...row }) => ({ ...row, hidden: this.#hidden(state, mask) })),
        pause,
        told,
      ),
    );
  }

  async answer(
    handle: PrefixHandle,
    rows: readonly AnswerRow[],
    pause: Pause,
    progress?: RowProgress,
  ): Promise<Answered[]> {
    const state = this.#state(handle);
    this.#checkLength(handle, rows, Math.max(0, ...rows.map((row) => Math.max(row.maxTokens, row.target.length))));
    const answers = await this.#onVariants(state, rows, progress, (comparer, some, told) => {
      const masked = some.map(({ mask, ...row }) => ({ ...row, hidden: this.#hidden(state, mask) }));
      const evicting = evictingIn(state, some);
      return evicting === undefined
        ? answer(comparer, masked, this.stopIds, pause, told)
        : answerEvicting(comparer, masked, evicting, this.stopIds, pause, told);
    });
    return answers.map(({ comparison, continuation }) => ({ comparison, generated: this.#generated(continuation) }));
  }

  release(handle: PrefixHandle): void {
    this.#lastReleased = this.#prefixes.get(handle.prefix)?.prefill ?? this.#lastReleased;
    this.#prefixes.delete(handle.prefix);
  }

  /**
   * Runs rows together that read the same keys and values (those of the exact prefill, or those of a variant whose policy
   * changes them) and evict in the same way. Results in the order of `rows`.
   */
  async #onVariants<Row extends { readonly mask: Mask; readonly decode?: DecodeId | undefined }, Result>(
    state: PrefixState,
    rows: readonly Row[],
    progress: RowProgress | undefined,
    run: (comparer: Comparer, rows: readonly Row[], progress: RowProgress) => Promise<Result[]>,
  ): Promise<Result[]> {
    const comparerOf = ({ mask }: Row): Comparer =>
      mask.kind === 'variant' ? variantOf(state, mask.variant).comparer : state.comparer;
    const results = new Array<Result>(rows.length);
    let done = 0;
    const comparers = rows.map(comparerOf);
    const order = [...new Set(comparers)];
    const together = (index: number): string => `${order.indexOf(comparers[index]!)} ${rows[index]!.decode ?? ''}`;
    for (const indices of groupBy([...rows.keys()], together)) {
      const comparer = comparers[indices[0]!]!;
      const some = indices.map((index) => rows[index]!);
      const before = done;
      const partial = await run(comparer, some, (ready, total) => {
        progress?.(before + (ready / total) * some.length, rows.length);
      });
      for (const [i, index] of indices.entries()) results[index] = partial[i]!;
      done += some.length;
    }
    return results;
  }

  #generated({ ids, stopped }: Continuation): Generated {
    return { ids, text: this.tokenizer.decode(ids, { skipSpecial: true }), truncated: !stopped };
  }

  #state({ prefix }: PrefixHandle): PrefixState {
    const state = this.#prefixes.get(prefix);
    if (state === undefined) throw new RangeError(`Prefix ${prefix} was released.`);
    return state;
  }

  #hidden(state: PrefixState, mask: Mask): HiddenEntries {
    return hiddenEntries(mask, prefixShape(this.decoder, state.prefill), (variant) => variantOf(state, variant).kept);
  }

  #checkLength(handle: PrefixHandle, rows: readonly { readonly suffix: Int32Array }[], answer: number): void {
    const longest = Math.max(0, ...rows.map(({ suffix }) => suffix.length));
    const limit = positionsOf(this.decoder.config);
    if (handle.seqLen + longest + answer <= limit) return;
    throw new HoldfastError(
      'prompt-too-long',
      `${handle.seqLen} tokens of system turn, ${longest} of user turn and ${answer} of answer exceed the model's ${limit}.`,
      'Shorten the prompt or the probe, or choose a model with a longer context.',
    );
  }
}

/** What these rows, which evict in the same way, evict. */
function evictingIn(
  { prefill: { observations } }: PrefixState,
  [first]: readonly { readonly decode?: DecodeId | undefined }[],
): Evicting | undefined {
  if (first?.decode === undefined) return undefined;
  return {
    policy: parseDecode(first.decode),
    prefixAttention: (layer) => observations[layer]!.columnSums('all'),
  };
}

function variantOf({ variants }: PrefixState, index: number): Variant {
  const variant = variants[index];
  if (variant === undefined) throw new RangeError(`There is no variant ${index}.`);
  return variant;
}
