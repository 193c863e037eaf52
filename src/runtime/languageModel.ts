import type { DecodeId } from '../cache/decode/index.ts';
import type { KeptSet } from '../cache/keptSet.ts';
import type { CacheRequest } from '../cache/cacheRequest.ts';
import type { Encoding } from './tokenizer/tokenizer.ts';

/** What a loaded model is; part of every report. */
export interface ModelInfo {
  readonly id: string;
  readonly path: string;
  readonly sha256: string;
  readonly architecture: string;
  readonly layers: number;
  readonly queryHeads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly vocabSize: number;
  /** Each layer's sliding window in tokens, null for none. */
  readonly windows: readonly (number | null)[]; // [layers]
  readonly contextLength: number;
  /** How the weights are executed, such as `Q4_1 exact 4-bit`. */
  readonly weights: string;
  readonly device: string;
  /** Why it runs there. */
  readonly deviceReason: string;
  /** What activations are computed in. */
  readonly precision: 'float32';
  /** What a reader has to know about the device, such as one that was asked for and is not used. */
  readonly warnings: readonly string[];
  /** Peak of a usual audit as estimated, and what the engine may use, in bytes. */
  readonly memory: { readonly estimate: number; readonly limit: number };
  readonly loadMs: number;
}

/** Where the chat template puts the prompt: in a message of its own, or in front of what the user says first. */
export type SystemPlacement = 'system-role' | 'first-user-message';

/** A rendered and tokenised system turn, template tokens included. */
export interface EncodedTurn {
  readonly text: string;
  readonly ids: Int32Array; // [S]
  /** UTF-16 offsets of each token in `text`. */
  readonly starts: Int32Array; // [S]
  readonly ends: Int32Array; // [S]
  /** Where the prompt's own text stands in `text`, and which part of the prompt it is (templates may trim). */
  readonly content: { readonly start: number; readonly end: number; readonly promptStart: number };
  readonly placement: SystemPlacement;
}

/** The exact prefill of one system turn, held by the engine until released. */
export interface PrefixHandle {
  readonly prefix: number;
  readonly seqLen: number;
}

/** One compressed cache over a prefix. */
export interface CompressedCache {
  readonly variant: number;
  readonly kept: KeptSet;
  readonly keptTokens: number;
  /** Bytes of keys and values: in fp16, or packed with their scales. */
  readonly bytes: number;
  /** Bytes that papers do not count: positions, scores, channel balancers. */
  readonly bookkeepingBytes: number;
  readonly fullBytes: number;
  readonly notes: readonly string[];
  /** True where entries that are kept read otherwise than in the full cache: at lower precision, merged, moved. */
  readonly isChanged: boolean;
}

/** Which entries of the prefix a row cannot see. `positions` are token positions of the system turn. */
export type Mask =
  | { readonly kind: 'none' }
  | { readonly kind: 'positions'; readonly positions: Int32Array }
  | { readonly kind: 'variant'; readonly variant: number }
  /** Only the entries of `positions` are as the variant holds them, evicted or at its precision; all others are exact. */
  | { readonly kind: 'variant-positions'; readonly variant: number; readonly positions: Int32Array }
  /** As the variant holds them, but for the entries of `positions`, which are exact. */
  | { readonly kind: 'variant-restored'; readonly variant: number; readonly positions: Int32Array };

/** How tokens are drawn: from the softmax of logits / temperature, by a seed. */
export interface Sampling {
  readonly temperature: number; // above 0
  readonly seed: number; // 32 bits
}

export interface GenerateRow {
  readonly mask: Mask;
  /** Tokens of the user turn, fed at positions S, S+1, ... */
  readonly suffix: Int32Array;
  /** Longest answer. */
  readonly maxTokens: number;
  /** What is evicted while the answer is generated, user turn and answer included; absent: nothing. */
  readonly decode?: DecodeId | undefined;
  /** Absent: greedy. */
  readonly sampling?: Sampling | undefined;
  /** Of the full cache's greedy answer: so many of its first tokens will be compared on, and comparing starts with them known. */
  readonly comparedTokens?: number | undefined;
}

export interface Generated {
  /** Tokens without the end-of-turn token. */
  readonly ids: Int32Array;
  readonly text: string;
  /** True when the token limit ended the answer. */
  readonly truncated: boolean;
}

export interface CompareRow {
  readonly mask: Mask;
  readonly suffix: Int32Array;
  /** Answer that is teacher-forced after the suffix. */
  readonly target: Int32Array;
}

export interface AnswerRow extends CompareRow {
  /** Longest answer. */
  readonly maxTokens: number;
  /** As for a row that generates; the comparison evicts in the same way. */
  readonly decode?: DecodeId | undefined;
  /** An attempt to get the system turn: the answer ends after 32 tokens if none of it is repeated in them word for word. */
  readonly isRecital?: boolean | undefined;
}

/** A masked cache's own greedy answer, and how it differs from the full cache on the full cache's answer. */
export interface Answered {
  readonly generated: Generated;
  readonly comparison: Comparison;
}

/** How a masked cache differs from the full cache on a teacher-forced answer, per token of the answer. */
export interface Comparison {
  readonly kl: Float32Array; // [target.length], nats: KL(full || masked)
  readonly logProbs: Float32Array; // [target.length], of the target's tokens under the masked cache
  readonly flipped: Uint8Array; // [target.length], 1 where the likeliest token is not the full cache's
}

/** Share of the tokens whose likeliest one is not the full cache's, 0..1; 0 without tokens. */
export const flipShare = ({ flipped }: Comparison): number =>
  flipped.length === 0 ? 0 : flipped.reduce((sum, flip) => sum + flip, 0) / flipped.length;

/** Told after each row batch: how many rows are done. */
export type RowProgress = (done: number, total: number) => void;

/** Runs a model on one system turn and its compressed caches. Every method rejects with the signal's reason soon after it aborts. */
export interface LanguageModel {
  readonly info: ModelInfo;
  encodeSystem(system: string, signal: AbortSignal): Promise<EncodedTurn>;
  /** Tokens of a user turn after that system turn, with the generation prompt. */
  encodeUser(system: string, user: string, signal: AbortSignal): Promise<Int32Array>;
  /** Tokens of a text that the model would say, with their UTF-16 offsets in it. */
  encodeAnswer(answer: string, signal: AbortSignal): Promise<Encoding>;
  /** Computes what these requests read, and nothing else: only they can compress the prefix, or evict while generating. */
  prefill(
    ids: Int32Array,
    requests: readonly CacheRequest[],
    signal: AbortSignal,
    progress?: RowProgress,
    decode?: DecodeId,
  ): Promise<PrefixHandle>;
  compress(prefix: PrefixHandle, request: CacheRequest, signal: AbortSignal): Promise<CompressedCache>;
  /** Results in the order of `rows`. */
  generate(
    prefix: PrefixHandle,
    rows: readonly GenerateRow[],
    signal: AbortSignal,
    progress?: RowProgress,
  ): Promise<Generated[]>;
  /** Results in the order of `rows`. */
  compare(
    prefix: PrefixHandle,
    rows: readonly CompareRow[],
    signal: AbortSignal,
    progress?: RowProgress,
  ): Promise<Comparison[]>;
  /** `compare` and `generate` of the same rows in one: cheaper, because a row's answer starts like the full cache's. */
  answer(
    prefix: PrefixHandle,
    rows: readonly AnswerRow[],
    signal: AbortSignal,
    progress?: RowProgress,
  ): Promise<Answered[]>;
  release(prefix: PrefixHandle): Promise<void>;
}
