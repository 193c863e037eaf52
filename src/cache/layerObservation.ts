import { secondPassKey, type SecondPass } from './secondPass.ts';
import type { Rotary } from './rotary.ts';

/** Query rows that an attention summary adds up: every row of the prefix, its last n, or the half-open range [start, end). */
export type RowGroup = 'all' | { readonly last: number } | Range;

/** Positions [start, end). */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The half-open range of query rows of a group. */
export function rowRange(rows: RowGroup, seqLen: number): Range {
  if (rows === 'all') return { start: 0, end: seqLen };
  if ('last' in rows) return { start: Math.max(0, seqLen - rows.last), end: seqLen };
  return { start: Math.min(rows.start, seqLen), end: Math.min(rows.end, seqLen) };
}

/** A name for a group, equal for equal groups: a key for maps and the suffix of a graph output. */
export function rowGroupKey(rows: RowGroup): string {
  if (rows === 'all') return 'all';
  return 'last' in rows ? `last${rows.last}` : `rows${rows.start}to${rows.end}`;
}

/** What policies read of a prefix besides its keys and values; an engine computes what is named here and nothing else. */
export interface Needs {
  /** Attention summed over these query rows. */
  readonly rowGroups?: readonly RowGroup[];
  /** Queries of all positions before RoPE. */
  readonly queries?: boolean;
  /** The rotary embedding at any position, also beyond the prefix. */
  readonly rotary?: boolean;
  /** The weight of the attention's output projection. */
  readonly outputWeight?: boolean;
  /** Runs over the finished cache. */
  readonly secondPasses?: readonly SecondPass[];
}

/** The union of needs, each summary and pass once. */
export function unionOfNeeds(all: readonly Needs[]): Required<Needs> {
  const rowGroups = all.flatMap((needs) => needs.rowGroups ?? []);
  const secondPasses = all.flatMap((needs) => needs.secondPasses ?? []);
  return {
    rowGroups: [...new Map(rowGroups.map((rows) => [rowGroupKey(rows), rows])).values()],
    queries: all.some((needs) => needs.queries === true),
    rotary: all.some((needs) => needs.rotary === true),
    outputWeight: all.some((needs) => needs.outputWeight === true),
    secondPasses: [...new Map(secondPasses.map((pass) => [secondPassKey(pass), pass])).values()],
  };
}

/** True for a policy that reads keys and values only. */
export function readsOnlyKeysAndValues(needs: Needs): boolean {
  const { rowGroups, queries, rotary, outputWeight, secondPasses } = unionOfNeeds([needs]);
  return rowGroups.length === 0 && secondPasses.length === 0 && !queries && !rotary && !outputWeight;
}

/** The sizes of one layer. */
export interface LayerShape {
  /** S: tokens of the system turn. */
  readonly seqLen: number;
  readonly queryHeads: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

/**
 * What the exact prefill of one layer offers to policies. What is a function has to be asked for (`Needs`) before the
 * prefill and throws a RangeError otherwise.
 */
export interface LayerObservation extends LayerShape {
  /** Tokens that a query of this layer sees, itself included; null: all before it. */
  readonly window: number | null;
  /** After RoPE (and the key norm, where the architecture has one), as cached. */
  readonly keys: Float32Array; // [kvHeads, S, headDim]
  readonly values: Float32Array; // [kvHeads, S, headDim]
  /**
   * Causal softmax attention summed over the query rows of a group, per query head. The softmax ran over all keys that a
   * row sees: a policy that looks only at keys before its window drops columns afterwards, so rows need not sum to 1.
   */
  columnSums(rows: RowGroup): Float32Array; // [queryHeads, S]
  /** Before RoPE, after the query norm where the architecture has one. */
  queries(): Float32Array; // [queryHeads, S, headDim]
  /** The rotation of this layer. */
  rotary(): Rotary;
  /** Of the output projection: `output = weight x heads`. */
  outputWeight(): Float32Array; // [hidden, queryHeads * headDim]
  /** What a run over the finished cache paid to the scored positions, per query head. */
  secondPass(pass: SecondPass): Float32Array; // [queryHeads, scored positions]
}

/** An observation of what an engine has; the rest throws when it is read. */
export type ObservationParts = Pick<LayerObservation, keyof LayerShape | 'window' | 'keys' | 'values'> &
  Partial<Omit<LayerObservation, keyof LayerShape>>;

export function createObservation(parts: ObservationParts): LayerObservation {
  const missing = (what: string) => (): never => {
    throw new RangeError(`The prefill was not asked for ${what}.`);
  };
  return {
    columnSums: (rows) => missing(`attention over ${rowGroupKey(rows)}`)(),
    queries: missing('queries'),
    rotary: missing('the rotary embedding'),
    outputWeight: missing('the output projection'),
    secondPass: missing('a second pass'),
    ...parts,
  };
}

/** Query heads that share one KV head; query head h reads KV head floor(h / groupSize). */
export const groupSize = (layer: LayerShape): number => layer.queryHeads / layer.kvHeads;
