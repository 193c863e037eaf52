import { compress } from '../../cache/compress.ts';
import type { KeptSet } from '../../cache/keptSet.ts';
import { rowGroupKey, unionOfNeeds } from '../../cache/layerObservation.ts';
import { parsePolicy, policyIds, rowGroupsFor, type PolicyId } from '../../cache/policies/index.ts';
import type { Policy } from '../../cache/policies/policy.ts';
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
import { answer } from './answer.ts';
import type { Continuation } from './decode.ts';
import { generate } from './generate.ts';
import { prefixShape } from './prefixShape.ts';
import type { Pause } from './pause.ts';
import { prefill, type Prefill } from './prefill.ts';
import { hiddenEntries, type HiddenEntries } from './prefixMask.ts';

/** A system turn that is being audited: its exact prefill and the caches compressed from it. */
interface PrefixState {
  readonly prefill: Prefill;
  readonly comparer: Comparer;
  /** How much runs together beside this prefix. */
  readonly batches: Batches;
  readonly variants: KeptSet[];
}

/** @throws HoldfastError `invalid-settings` for a policy that reads or changes what this engine does not provide. */
function refuseUnmet(policy: Policy, seqLen: number): void {
  const { rowGroups, queries, rotary, outputWeight, secondPasses } = unionOfNeeds([policy.needs(seqLen)]);
  const summed = new Set(rowGroupsFor(policyIds, seqLen).map(rowGroupKey));
  const isMet =
    rowGroups.every((rows) => summed.has(rowGroupKey(rows))) &&
    !(queries || rotary || outputWeight || secondPasses.length > 0 || policy.transform !== undefined);
  if (!isMet)
    throw new HoldfastError(
      'invalid-settings',
      `${policy.id} needs what this engine does not compute.`,
      'Choose another policy; `holdfast policies` says what each reads.',
    );
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
  ) {}

  encodeSystem(system: string): EncodedTurn {
    return encodeSystemTurn(this.template, this.tokenizer, system);
  }

  encodeUser(system: string, user: string): Int32Array {
    return encodeUserSuffix(this.template, this.tokenizer, system, user);
  }

  async prefill(ids: Int32Array, pause: Pause, progress?: RowProgress): Promise<PrefixHandle> {
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
    const options = { ...batches, earlier };
    const done = await prefill(this.decoder, ids, rowGroupsFor(policyIds, ids.length), pause, progress, options);
    const prefix = this.#nextPrefix++;
    const comparer = new Comparer(this.decoder, done, batches);
    this.#prefixes.set(prefix, { prefill: done, comparer, batches, variants: [] });
    return { prefix, seqLen: ids.length };
  }

  compress(handle: PrefixHandle, policy: PolicyId, ratio: number): CompressedCache {
    const state = this.#state(handle);
    const parsed = parsePolicy(policy);
    refuseUnmet(parsed, handle.seqLen);
    const { kept, keptTokens, bytes, fullBytes, notes } = compress(state.prefill.observations, parsed, ratio);
    state.variants.push(kept);
    return { kept, keptTokens, bytes, fullBytes, notes, variant: state.variants.length - 1 };
  }

  async generate(
    handle: PrefixHandle,
    rows: readonly GenerateRow[],
    pause: Pause,
    progress?: RowProgress,
  ): Promise<Generated[]> {
    const state = this.#state(handle);
    this.#checkLength(handle, rows, Math.max(0, ...rows.map((row) => row.maxTokens)));
    const continuations = await generate(
      this.decoder,
      state.prefill,
      rows.map(({ mask, suffix, maxTokens }) => ({ hidden: this.#hidden(state, mask), suffix, maxTokens })),
      this.stopIds,
      pause,
      progress,
      state.batches,
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
    const compared = rows.map(({ mask, suffix, target }) => ({ hidden: this.#hidden(state, mask), suffix, target }));
    return await state.comparer.compare(compared, pause, progress);
  }

  async answer(
    handle: PrefixHandle,
    rows: readonly AnswerRow[],
    pause: Pause,
    progress?: RowProgress,
  ): Promise<Answered[]> {
    const state = this.#state(handle);
    this.#checkLength(handle, rows, Math.max(0, ...rows.map((row) => Math.max(row.maxTokens, row.target.length))));
    const masked = rows.map(({ mask, ...row }) => ({ ...row, hidden: this.#hidden(state, mask) }));
    const answers = await answer(state.comparer, masked, this.stopIds, pause, progress);
    return answers.map(({ comparison, continuation }) => ({ comparison, generated: this.#generated(continuation) }));
  }

  release(handle: PrefixHandle): void {
    this.#lastReleased = this.#prefixes.get(handle.prefix)?.prefill ?? this.#lastReleased;
    this.#prefixes.delete(handle.prefix);
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
    return hiddenEntries(mask, prefixShape(this.decoder, state.prefill), (variant) => {
      const kept = state.variants[variant];
      if (kept === undefined) throw new RangeError(`There is no variant ${variant}.`);
      return kept;
    });
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
