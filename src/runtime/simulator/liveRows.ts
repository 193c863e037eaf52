import {
  causalBias,
  nextPosition,
  type Decoder,
  type DecoderOutput,
  type DecoderStep,
  type PrefixView,
  type StepResult,
} from './decoder.ts';
import type { Eviction } from './eviction.ts';
import type { OwnCache } from './ownCache.ts';
import { prefixBias, type HiddenEntries } from './prefixMask.ts';
import { prefixShape } from './prefixShape.ts';

/** Rows that go on together: what each may see of the prefix, its own tokens, and what leaves both on the way. */
export class LiveRows {
  #hidden: readonly HiddenEntries[];
  #bias: readonly Float32Array[] | null = null;

  constructor(
    readonly decoder: Decoder,
    readonly prefix: PrefixView,
    hidden: readonly HiddenEntries[],
    readonly own: OwnCache,
    /** Without it nothing leaves. */
    readonly eviction: Eviction | null = null,
  ) {
    this.#hidden = hidden;
  }

  get count(): number {
    return this.#hidden.length;
  }

  /**
   * Feeds `tokens` tokens to each row, ids [rows, tokens]: several only where rows have no tokens of their own yet. Logits
   * are those after each row's last token.
   */
  async feed(
    ids: Int32Array,
    tokens: number,
    wanted: readonly DecoderOutput[],
    scoring?: DecoderStep['scoring'],
  ): Promise<StepResult> {
    const { decoder, own, eviction, count } = this;
    const { keyValues } = eviction?.prefix ?? this.prefix;
    const isFirst = own.lengths.every((length) => length === 0);
    if (tokens > 1 && !isFirst) throw new RangeError('Several tokens can only be the first.');
    const held = isFirst ? null : own;
    this.#bias ??= eviction === null ? prefixBias(this.#hidden, prefixShape(decoder, this.prefix)) : [];
    const readsSums = eviction !== null && eviction.policy.attention !== 'none';
    const result = await decoder.run(
      {
        rows: count,
        tokens,
        ids,
        positions: ids.map((_, index) => {
          const row = Math.floor(index / tokens);
          return nextPosition(keyValues) + own.lengths[row]! + (index % tokens);
        }),
        prefix: keyValues,
        own: held,
        ownBias: held === null ? causalBias(count, tokens) : own.bias(tokens),
        logitRows: Int32Array.from({ length: count }, (_, row) => (row + 1) * tokens - 1),
        ...(eviction?.step(tokens, held) ?? { prefixBias: this.#bias }),
        ...(scoring === undefined ? {} : { scoring }),
      },
      ['keyValues', ...wanted, ...(readsSums ? (['sums'] as const) : [])],
    );
    const all = this.#hidden.map((_, row) => row);
    own.append(
      all,
      all.map(() => tokens),
      result,
    );
    eviction?.after(result, tokens, own);
    return result;
  }

  /** Keeps only these rows, in this order. */
  keepRows(rows: readonly number[]): void {
    this.own.keepRows(rows);
    this.eviction?.keepRows(rows);
    this.#hidden = rows.map((row) => this.#hidden[row]!);
    this.#bias = null;
  }
}
