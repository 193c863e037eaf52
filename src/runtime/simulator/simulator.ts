import { needsOf, type CacheRequest } from '../../cache/cacheRequest.ts';
import { parseDecode, type DecodeId } from '../../cache/decode/index.ts';
import type { KeptSet } from '../../cache/keptSet.ts';
import { unionOfNeeds } from '../../cache/layerObservation.ts';
import { secondPassKey } from '../../cache/secondPass.ts';
import { storeCache } from '../../cache/storeCache.ts';
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
import type { Encoding, Tokenizer } from '../tokenizer/tokenizer.ts';
import { Comparer } from './compare.ts';
import type { Decoder, PrefixCache } from './decoder.ts';
import { answer, answerEvicting } from './answer.ts';
import type { Continuation } from './decode.ts';
import { generate, generateEvicting, type Evicting } from './generate.ts';
import { groupBy } from './groupBy.ts';
import { fedTokens, runSecondPass, type PassResult } from './secondPass.ts';
import { prefixShape } from './prefixShape.ts';
import type { Pause } from './pause.ts';
import { prefill, type Prefill } from './prefill.ts';
import { hiddenEntries, type HiddenEntries, type PrefixShape } from './prefixMask.ts';

/** One compressed cache over a prefix. */
interface Variant {
  readonly request: CacheRequest;
  readonly kept: KeptSet;
  /** True where it reads other keys or values than the exact prefill's. */
  readonly isChanged: boolean;
  /** Position of the first token after it. */
  readonly nextPosition: number;
}

/** A system turn that is being audited: its exact prefill and the caches compressed from it. */
interface PrefixState {
  readonly prefill: Prefill;
  readonly comparer: Comparer;
  /** How much runs together beside this prefix. */
  readonly batches: Batches;
  readonly variants: Variant[];
  /** Keys and values of the changed variant that was used last: each takes as much memory as the prefix, so one is held. */
  lastChanged: { readonly variant: number; readonly keyValues: PrefixCache } | null;
}

/**
 * The language model as the engine's child runs it: text in, small results out. Keys, values and logits stay here.
 * Everything is deterministic: decoding is greedy or draws by a seed, ties go to the lower token id.
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

  encodeAnswer(answer: string): Encoding {
    return this.tokenizer.encode(answer, { plainRanges: [[0, answer.length]] });
  }

  /** Computes what `requests` read of the prefill, and nothing else. */
  async prefill(
    ids: Int32Array,
    requests: readonly CacheRequest[],
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
    // Which prefixes are held is the same in every audit of a prompt; what was released last depends on what came before.
    const beginnings = [...this.#prefixes.values()].map((state) => state.prefill);
    const earlier = this.#lastReleased === null ? beginnings : [...beginnings, this.#lastReleased];
    const batches = this.memory.batches(ids.length);
    const readsAttention = decode !== undefined && parseDecode(decode).prefixAttention;
    const needs = unionOfNeeds([
      ...requests.map((request) => needsOf(request, ids.length)),
      readsAttention ? { rowGroups: ['all'] } : {},
    ]);
    const { queries } = needs;
    const outputWeight = needs.outputWeight ? this.outputWeight : undefined;
    const secondPasses = new Map<string, PassResult>();
    const options = { ...batches, earlier, beginnings, queries, outputWeight, secondPasses };
    const done = await prefill(this.decoder, ids, needs.rowGroups, pause, progress, options);
    for (const pass of needs.secondPasses) {
      const fed = fedTokens(pass.feed, ids, this.template, this.tokenizer);
      secondPasses.set(secondPassKey(pass), await runSecondPass(this.decoder, done, pass, fed, pause));
    }
    const prefix = this.#nextPrefix++;
    const comparer = new Comparer(this.decoder, done, batches);
    this.#prefixes.set(prefix, { prefill: done, comparer, batches, variants: [], lastChanged: null });
    return { prefix, seqLen: ids.length };
  }

  compress(handle: PrefixHandle, request: CacheRequest): CompressedCache {
    const state = this.#state(handle);
    const { keyValues, nextPosition, ...compression } = storeCache(state.prefill.observations, request);
    const isMoved = nextPosition !== handle.seqLen;
    if (isMoved && this.decoder.config.attention.some(({ window }) => window !== null)) {
      throw new HoldfastError(
        'invalid-settings',
        `${request.kind === 'eviction' ? request.policy : 'This cache'} moves the keys of some layers together, but this model has layers with a sliding window that keep theirs.`,
        'Choose a policy that keeps the original positions.',
      );
    }
    const variant = state.variants.length;
    const isChanged = isMoved || keyValues !== undefined;
    state.variants.push({ request, kept: compression.kept, isChanged, nextPosition });
    if (isChanged) {
      remember(state, variant, { ...keyValues, nextPosition });
    }
    return { ...compression, variant, isChanged };
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
    const continuations = await this.#onVariants<GenerateRow, Continuation>(
      state,
      rows,
      progress,
      async (comparer, some, told) => {
        const continued = some.map(({ mask, ...row }) => ({ ...row, hidden: this.#hidden(state, mask) }));
        const evicting = evictingIn(state, some);
        if (evicting !== undefined) {
          return generateEvicting(decoder, comparer.prefix, continued, evicting, stopIds, pause, told, state.batches);
        }
        const recorded = await generate(decoder, comparer.prefix, continued, stopIds, pause, told, state.batches);
        for (const [i, { ids, reference }] of recorded.entries()) {
          const row = continued[i]!;
          if (reference === null || !comparer.isFull(row)) continue;
          comparer.learn({ suffix: row.suffix, target: ids.slice(0, row.comparedTokens) }, reference);
        }
        return recorded;
      },
    );
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
      const masked = some.map(({ mask, isRecital, ...row }) => ({
        ...row,
        hidden: this.#hidden(state, mask),
        source: isRecital === true ? state.prefill.ids : undefined,
      }));
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
   * Runs rows together that read the same keys and values (those of the exact prefill, those of a variant that changes
   * them, or of both in part) and evict in the same way. Results in the order of `rows`.
   */
  async #onVariants<Row extends { readonly mask: Mask; readonly decode?: DecodeId | undefined }, Result>(
    state: PrefixState,
    rows: readonly Row[],
    progress: RowProgress | undefined,
    run: (comparer: Comparer, rows: readonly Row[], progress: RowProgress) => Promise<Result[]>,
  ): Promise<Result[]> {
    const results = new Array<Result>(rows.length);
    let done = 0;
    const together = (index: number): string => `${readKey(state, rows[index]!.mask)} ${rows[index]!.decode ?? ''}`;
    for (const indices of groupBy([...rows.keys()], together)) {
      const some = indices.map((index) => rows[index]!);
      const before = done;
      const partial = await run(this.#comparer(state, some[0]!.mask), some, (ready, total) => {
        progress?.(before + (ready / total) * some.length, rows.length);
      });
      for (const [i, index] of indices.entries()) results[index] = partial[i]!;
      done += some.length;
    }
    return results;
  }

  /** What rows with this mask run on. */
  #comparer(state: PrefixState, mask: Mask): Comparer {
    if (!readsChanged(state, mask)) return state.comparer;
    const keyValues = this.#keyValues(state, mask.variant);
    if (mask.kind === 'variant') return state.comparer.over({ keyValues });
    const shape = prefixShape(this.decoder, state.prefill);
    const exact = state.prefill.keyValues;
    const [others, selected] = mask.kind === 'variant-restored' ? [keyValues, exact] : [exact, keyValues];
    return state.comparer.over({ keyValues: mixedAt(mask.positions, others, selected, shape) });
  }

  /** The keys and values of a changed variant, made again where another one was used since. */
  #keyValues(state: PrefixState, variant: number): PrefixCache {
    if (state.lastChanged?.variant === variant) return state.lastChanged.keyValues;
    const { request, nextPosition } = variantOf(state, variant);
    const { keyValues } = storeCache(state.prefill.observations, request);
    return remember(state, variant, { ...keyValues, nextPosition });
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

/** Holds the keys and values of a changed variant until another one is used. */
function remember(state: PrefixState, variant: number, changes: Partial<PrefixCache>): PrefixCache {
  const keyValues = { ...state.prefill.keyValues, ...changes };
  state.lastChanged = { variant, keyValues };
  return keyValues;
}

/** Masks of rows that read other keys or values than the exact prefill's. */
type ChangedMask = Extract<Mask, { readonly variant: number }>;

/** A variant that moves keys together has no exact neighbours for a part of its entries: there only evictions are shown. */
function readsChanged(state: PrefixState, mask: Mask): mask is ChangedMask {
  if (!('variant' in mask)) return false;
  const { isChanged, nextPosition } = variantOf(state, mask.variant);
  return isChanged && (mask.kind === 'variant' || nextPosition === state.prefill.ids.length);
}

/** Equal for rows that read the same keys and values. */
function readKey(state: PrefixState, mask: Mask): string {
  if (!readsChanged(state, mask)) return 'exact';
  return mask.kind === 'variant' ? `${mask.variant}` : `${mask.kind} ${mask.variant}:${mask.positions.join()}`;
}

/** The keys and values of `others`, but for some positions, which are those of `selected`. */
function mixedAt(
  positions: Int32Array,
  others: PrefixCache,
  selected: PrefixCache,
  { kvHeads, seqLen }: PrefixShape,
): PrefixCache {
  const mixed = (whole: readonly Float32Array[], parts: readonly Float32Array[]): Float32Array[] =>
    whole.map((layer, index) => {
      const from = parts[index]!;
      if (from === layer) return layer;
      const copy = layer.slice();
      const headDim = layer.length / (kvHeads * seqLen);
      for (let head = 0; head < kvHeads; head++) {
        for (const position of positions) {
          const start = (head * seqLen + position) * headDim;
          copy.set(from.subarray(start, start + headDim), start);
        }
      }
      return copy;
    });
  return { ...others, keys: mixed(others.keys, selected.keys), values: mixed(others.values, selected.values) };
}
