import type { Encoding } from '../../src/runtime/tokenizer/tokenizer.ts';
import type { CacheRequest } from '../../src/cache/cacheRequest.ts';
import type { DecodeId } from '../../src/cache/decode/index.ts';
import { storeCache } from '../../src/cache/storeCache.ts';
import type { KeptSet } from '../../src/cache/keptSet.ts';
import type {
  Answered,
  AnswerRow,
  CompareRow,
  Comparison,
  CompressedCache,
  EncodedTurn,
  Generated,
  GenerateRow,
  LanguageModel,
  Mask,
  ModelInfo,
  PrefixHandle,
  RowProgress,
  SystemPlacement,
} from '../../src/runtime/languageModel.ts';
import { randomLayer } from './layers.ts';

/** A row that answers. */
export interface FakeRow {
  /** The words of the system turn that it sees wholly. */
  readonly seen: string;
  /** Positions of which it does not see everything. */
  readonly hidden: ReadonlySet<number>;
  /** Tokens that its answer is forced to have. */
  readonly forced: number;
  readonly seed: number | undefined;
}

/** What a fake model does that tests vary. */
export interface Script {
  readonly placement?: SystemPlacement;
  /** Called before every method; may abort or throw, to interrupt an audit at a chosen place. */
  readonly before?: (call: string) => void;
  /** Token positions whose masking changes answers, with the KL that masking all of them costs. */
  readonly matters?: (positions: ReadonlySet<number>) => number;
  /** What a row answers; undefined: the usual answer. */
  readonly says?: (row: FakeRow) => string | undefined;
}

const layers = 2;
const kvHeads = 2;
const headDim = 32;

/**
 * A language model in memory: a token per word of the prompt, real policies on fixed random keys, and KL in proportion to the
 * share of masked entries that `matters`. Records its calls.
 */
export class FakeModel implements LanguageModel {
  readonly calls: string[] = [];
  readonly info: ModelInfo = {
    id: 'fake',
    path: '/models/fake.gguf',
    sha256: 'f'.repeat(64),
    architecture: 'llama',
    layers,
    queryHeads: 4,
    kvHeads,
    headDim,
    vocabSize: 100,
    windows: [null, null],
    contextLength: 512,
    weights: 'F32',
    device: 'cpu',
    deviceReason: 'chosen in the settings',
    precision: 'float32',
    warnings: [],
    memory: { estimate: 5e8, limit: 4e9 },
    loadMs: 1,
  };
  /** What each row that answered was asked to evict meanwhile, with what it saw. */
  readonly evicting: { readonly mask: Mask['kind']; readonly decode: string | undefined }[] = [];
  /** Rows that were compared and answered. */
  readonly answerRows: AnswerRow[] = [];
  prefillDecode: string | undefined;
  readonly #kept: KeptSet[] = [];
  /** Words of the system turn that was encoded last, and of each prefix. */
  #encoded: string[] = [];
  readonly #prefixes: string[][] = [];
  released = 0;

  constructor(readonly script: Script = {}) {}

  #enter(call: string, signal?: AbortSignal): void {
    this.calls.push(call);
    this.script.before?.(call);
    signal?.throwIfAborted();
  }

  encodeSystem(system: string, signal: AbortSignal): Promise<EncodedTurn> {
    return this.#do('encodeSystem', signal, () => {
      const words = [...system.matchAll(/\s*\S+/gu)];
      this.#encoded = words.map(([word]) => word);
      const starts = Int32Array.from(words, ({ index }) => index);
      const ends = Int32Array.from(words, (match) => match.index + match[0].length);
      const content = { start: 0, end: system.length, promptStart: 0 };
      return {
        text: system,
        ids: Int32Array.from(words, (_, i) => i + 1),
        starts,
        ends,
        content,
        placement: this.script.placement ?? 'system-role',
      };
    });
  }

  encodeUser(_system: string, user: string, signal: AbortSignal): Promise<Int32Array> {
    return this.#do('encodeUser', signal, () => Int32Array.from({ length: user.split(' ').length }, (_, i) => i + 1));
  }

  /** One token per word. */
  encodeAnswer(answer: string, signal: AbortSignal): Promise<Encoding> {
    return this.#do('encodeAnswer', signal, () => {
      const words = [...answer.matchAll(/\s*\S+/gu)];
      return {
        ids: Int32Array.from(words, (_, word) => word + 1),
        starts: Int32Array.from(words, ({ index }) => index),
        ends: Int32Array.from(words, ({ index, 0: word }) => index + word.length),
      };
    });
  }

  prefill(
    ids: Int32Array,
    _requests: readonly CacheRequest[],
    signal: AbortSignal,
    _progress?: RowProgress,
    decode?: DecodeId,
  ): Promise<PrefixHandle> {
    return this.#do('prefill', signal, () => {
      this.prefillDecode ??= decode;
      this.#prefixes.push(this.#encoded);
      return { prefix: this.#prefixes.length - 1, seqLen: ids.length };
    });
  }

  compress({ seqLen }: PrefixHandle, request: CacheRequest, signal: AbortSignal): Promise<CompressedCache> {
    return this.#do('compress', signal, () => {
      const observations = Array.from({ length: layers }, (_, layer) => randomLayer(seqLen, layer + 1, headDim));
      const { keyValues, ...compression } = storeCache(observations, request);
      this.#kept.push(compression.kept);
      return { ...compression, variant: this.#kept.length - 1, isChanged: keyValues !== undefined };
    });
  }

  generate(prefix: PrefixHandle, rows: readonly GenerateRow[], signal: AbortSignal): Promise<Generated[]> {
    return this.#do('generate', signal, () => {
      this.#note(rows);
      return rows.map(({ mask, sampling }) => this.#answer(prefix, mask, 0, sampling?.seed));
    });
  }

  compare(prefix: PrefixHandle, rows: readonly CompareRow[], signal: AbortSignal): Promise<Comparison[]> {
    return this.#do('compare', signal, () => rows.map((row) => this.#comparison(prefix, row)));
  }

  answer(prefix: PrefixHandle, rows: readonly AnswerRow[], signal: AbortSignal): Promise<Answered[]> {
    return this.#do('answer', signal, () => {
      this.#note(rows);
      this.answerRows.push(...rows);
      return rows.map((row) => ({
        generated: this.#answer(prefix, row.mask, row.target.length),
        comparison: this.#comparison(prefix, row),
      }));
    });
  }

  #note(rows: readonly GenerateRow[]): void {
    this.evicting.push(...rows.map(({ mask, decode }) => ({ mask: mask.kind, decode })));
  }

  release(): Promise<void> {
    this.released++;
    return Promise.resolve();
  }

  async #do<T>(call: string, signal: AbortSignal, work: () => T): Promise<T> {
    this.#enter(call, signal);
    await Promise.resolve();
    return work();
  }

  /** Share of the entries of positions that are hidden, over layers and heads; positions hidden nowhere are left out. */
  #hidden({ seqLen }: PrefixHandle, mask: Mask): Map<number, number> {
    const hidden = new Map<number, number>();
    if (mask.kind === 'none') return hidden;
    const isAllBut = mask.kind === 'variant' || mask.kind === 'variant-restored';
    const restored = new Set(mask.kind === 'variant-restored' ? mask.positions : []);
    const all = Array.from({ length: seqLen }, (_, position) => position);
    const positions = isAllBut ? all.filter((position) => !restored.has(position)) : [...mask.positions];
    for (const position of positions) {
      let count = 0;
      for (let layer = 0; layer < layers; layer++) {
        for (let head = 0; head < kvHeads; head++) {
          if (mask.kind === 'positions' || !this.#kept[mask.variant]!.has(layer, head, position)) count++;
        }
      }
      if (count > 0) hidden.set(position, count / (layers * kvHeads));
    }
    return hidden;
  }

  #kl(prefix: PrefixHandle, mask: Mask): number {
    const hidden = this.#hidden(prefix, mask);
    if (hidden.size === 0) return 0;
    const mean = [...hidden.values()].reduce((a, b) => a + b) / hidden.size;
    return (this.script.matters?.(new Set(hidden.keys())) ?? 0.5) * mean;
  }

  #comparison(prefix: PrefixHandle, { mask, target }: CompareRow): Comparison {
    const kl = this.#kl(prefix, mask);
    const logProbs = new Float32Array(target.length).fill(-kl);
    return {
      kl: new Float32Array(target.length).fill(kl),
      logProbs,
      flipped: Uint8Array.from(target, (_, token) => (kl > 0.1 ? token % 2 : 0)),
    };
  }

  #answer(prefix: PrefixHandle, mask: Mask, forced = 0, seed?: number): Generated {
    const hidden = new Set(this.#hidden(prefix, mask).keys());
    const seen = this.#prefixes[prefix.prefix]!.filter((_, position) => !hidden.has(position)).join('');
    const usual = this.#kl(prefix, mask) > 0.1 ? 'another answer' : 'the full answer';
    const text = this.script.says?.({ seen, hidden, forced, seed }) ?? usual;
    return { ids: Int32Array.of(1, 2, 3), text, truncated: false };
  }
}
