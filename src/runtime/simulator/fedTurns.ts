import { commonTokens } from './commonTokens.ts';
import { groupBy } from './groupBy.ts';
import type { StepResult } from './decoder.ts';
import { OwnCache, type OwnCacheShape } from './ownCache.ts';
import type { HiddenEntries } from './prefixMask.ts';

/** A cache, and the user turn that it is fed. */
export interface TurnRow {
  readonly hidden: HiddenEntries;
  readonly suffix: Int32Array;
}

/** The user turns that the rows of one run were fed. */
interface Bank {
  readonly fed: OwnCache; // [rows of the run]
  /** By the key of a cache. */
  readonly turns: ReadonlyMap<string, { readonly row: number; readonly suffix: Int32Array }>;
}

/** Rows that can be run together. */
export interface Stage {
  readonly rows: readonly number[];
  /** Whether later rows go on from their user turns. */
  readonly leads: boolean;
}

/** Where rows go on from others by fewer tokens in all, the run that waits for these costs more than it saves. */
const leastSaved = 24;

/**
 * The user turns that caches of one prefix were fed last. A turn that begins alike on the same cache goes on from there: all turns
 * begin with the template's tokens, and several measurements ask the same question.
 */
export class FedTurns {
  /** The newest first. */
  readonly #banks: Bank[] = [];

  constructor(
    readonly shape: OwnCacheShape,
    /** Most tokens whose keys and values are kept. */
    readonly mostTokens: number,
  ) {}

  /**
   * How many tokens a user turn has in common with one that its cache was fed. One at least is left, because a run predicts after
   * it.
   */
  known(row: TurnRow): number {
    return this.#longest(row)?.tokens ?? 0;
  }

  /**
   * In which order rows are forced: of several that begin alike on one cache one leads, and the others go on from its user turn.
   */
  stages(rows: readonly TurnRow[]): Stage[] {
    const first: number[] = [];
    const rest: number[] = [];
    let saved = 0;
    for (const [leader, ...others] of groupBy([...rows.keys()], (row) => rows[row]!.hidden.key)) {
      first.push(leader!);
      for (const row of others) {
        const more = sharedWith(rows[leader!]!.suffix, rows[row]!.suffix) - this.known(rows[row]!);
        if (more > 0) rest.push(row);
        else first.push(row);
        saved += Math.max(0, more);
      }
    }
    if (saved < leastSaved) return [{ rows: [...rows.keys()], leads: false }];
    return [
      { rows: first, leads: true },
      { rows: rest, leads: false },
    ];
  }

  /** What each row has been fed of its user turn; null where none of them has. */
  opening(rows: readonly TurnRow[]): OwnCache | null {
    const known = rows.map((row) => this.#longest(row));
    const longest = Math.max(...known.map((turn) => turn?.tokens ?? 0));
    if (longest === 0) return null;
    const opening = new OwnCache(this.shape, rows.length, longest);
    for (const [row, turn] of known.entries()) {
      if (turn !== null) opening.take(row, turn.fed, turn.row, turn.tokens);
    }
    return opening;
  }

  /** Keeps the user turns of a run's rows, which went on from `opening`; those of the oldest runs make room. */
  keep(rows: readonly TurnRow[], opening: OwnCache | null, step: StepResult): void {
    const all = [...rows.keys()];
    const fed = new OwnCache(this.shape, rows.length, Math.max(...rows.map(({ suffix }) => suffix.length)));
    if (opening !== null) for (const row of all) fed.take(row, opening, row, opening.lengths[row]!);
    const counts = rows.map(({ suffix }, row) => suffix.length - fed.lengths[row]!);
    fed.append(all, counts, step);
    this.#banks.unshift({
      fed,
      turns: new Map(rows.map(({ hidden, suffix }, row) => [hidden.key, { row, suffix }])),
    });
    while (this.#keptTokens() > this.mostTokens) this.#banks.pop();
  }

  #keptTokens(): number {
    return this.#banks.reduce((tokens, { fed }) => tokens + fed.rows * fed.tokens, 0);
  }

  /** Where a cache was fed the most of a user turn; null where nothing of it. */
  #longest({
    hidden,
    suffix,
  }: TurnRow): { readonly fed: OwnCache; readonly row: number; readonly tokens: number } | null {
    const { key } = hidden;
    let longest = null;
    for (const { fed, turns } of this.#banks) {
      const turn = turns.get(key);
      if (turn === undefined) continue;
      const tokens = sharedWith(turn.suffix, suffix);
      if (tokens > (longest?.tokens ?? 0)) longest = { fed, row: turn.row, tokens };
    }
    return longest;
  }
}

/** Tokens of a user turn that one before has too, without its last. */
const sharedWith = (before: Int32Array, suffix: Int32Array): number =>
  Math.min(suffix.length - 1, commonTokens(suffix, before));
