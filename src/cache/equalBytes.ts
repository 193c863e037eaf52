import { countBytes, evictedBytes, exactBytes, sumBytes, type ByteCount, type CacheBytes } from './bytes.ts';
import { balancerBytes, mikvEntryBytes } from './mikv/mikvBytes.ts';
import { tierNames, type MikvPrecision } from './mikv/mikvSettings.ts';
import { fullCacheBytes, heldTokens, type CacheShape } from './quantised/cacheShape.ts';
import { formatBytes, type CacheFormat } from './quantised/quantisedCache.ts';
import { ratioThatKeeps } from './ratioThatKeeps.ts';
import { compressedLayers } from './slidingLayers.ts';

/** What an arm does to come down to the budget. */
export type ArmSetting =
  | { readonly kind: 'eviction'; readonly ratio: number; readonly keptTokens: number }
  | {
      readonly kind: 'mikv';
      readonly precision: MikvPrecision;
      readonly importanceRatio: number;
      /** Entries per layer and KV head in the importance tier. */
      readonly importantTokens: number;
    }
  | { readonly kind: 'format'; readonly format: CacheFormat };

/** One way to compress a cache, at or below a number of bytes. */
export interface ReachedArm {
  readonly reached: true;
  readonly title: string;
  readonly setting: ArmSetting;
  readonly bytes: CacheBytes;
  /** Share of the uncompressed cache. */
  readonly fraction: number;
}

/** One way to compress a cache that does not come to that number of bytes: an empty cell, never a zero. */
export interface UnreachedArm {
  readonly reached: false;
  readonly title: string;
  readonly kind: ArmSetting['kind'];
  readonly reason: string;
}

export type EqualBytesArm = ReachedArm | UnreachedArm;

export interface EqualBytesOptions {
  readonly precisions: readonly MikvPrecision[];
  readonly formats: readonly CacheFormat[];
  /** `payload`, as papers count, unless said otherwise. */
  readonly count?: ByteCount;
}

/**
 * Eviction, mixed precision and uniform quantisation of one cache at the same number of bytes: for each the setting that
 * comes closest to the budget without exceeding it. Counts are integers, so what is reached is a little below; every arm
 * says its true size. Layers with a sliding window keep it in 16 bits under eviction and mixed precision.
 */
export function equalBytesArms(
  shape: CacheShape,
  budget: number,
  { precisions, formats, count = 'payload' }: EqualBytesOptions,
): EqualBytesArm[] {
  const comparison: Comparison = { shape, budget, count, full: countBytes(fullCacheBytes(shape), count) };
  return [
    evictionArm(comparison),
    ...precisions.map((precision) => mikvArm(comparison, precision)),
    ...formats.map((format) => formatArm(comparison, format)),
  ];
}

interface Comparison {
  readonly shape: CacheShape;
  readonly budget: number;
  readonly count: ByteCount;
  /** Bytes of the uncompressed cache. */
  readonly full: number;
}

function evictionArm(comparison: Comparison): EqualBytesArm {
  const { shape } = comparison;
  const title = 'Eviction';
  const bytes = (keptTokens: number): CacheBytes =>
    compressedCacheBytes(shape, (entries) => evictedBytes(entries * keptTokens, shape.headDim));
  const keptTokens = largestWithin(comparison, shape.seqLen, bytes);
  if (keptTokens === undefined || keptTokens < 1)
    return unreached(comparison, title, 'eviction', 'one entry per KV head takes', bytes(1));
  const setting = { kind: 'eviction', keptTokens, ratio: ratioThatKeeps(keptTokens, shape.seqLen) } as const;
  return reached(comparison, title, setting, bytes(keptTokens));
}

function mikvArm(comparison: Comparison, precision: MikvPrecision): EqualBytesArm {
  const { shape, budget, count } = comparison;
  const { seqLen, headDim } = shape;
  const title = `MiKV ${tierNames(precision)}`;
  const bytes = (importantTokens: number): CacheBytes =>
    compressedCacheBytes(shape, (entries) =>
      sumBytes([
        mikvEntryBytes(
          { important: entries * importantTokens, retained: entries * (seqLen - importantTokens) },
          headDim,
          precision,
        ),
        balancerBytes({ kvHeads: entries, headDim }, precision),
      ]),
    );
  const importantTokens = largestWithin(comparison, seqLen, bytes);
  if (importantTokens === undefined)
    return unreached(comparison, title, 'mikv', 'with an empty importance tier it takes', bytes(0));
  if (importantTokens === seqLen && countBytes(bytes(seqLen), count) < budget)
    return unreached(comparison, title, 'mikv', 'with every entry in the importance tier it takes only', bytes(seqLen));
  const setting = { kind: 'mikv', precision, importantTokens, importanceRatio: importantTokens / seqLen } as const;
  return reached(comparison, title, setting, bytes(importantTokens));
}

function formatArm(comparison: Comparison, format: CacheFormat): EqualBytesArm {
  const { shape, budget, count } = comparison;
  const refusal = format.refusal(shape);
  if (refusal !== undefined) return { reached: false, title: format.title, kind: 'format', reason: refusal };
  const bytes = formatBytes(format, shape);
  return countBytes(bytes, count) <= budget
    ? reached(comparison, format.title, { kind: 'format', format }, bytes)
    : unreached(comparison, format.title, 'format', 'it takes', bytes);
}

function reached({ count, full }: Comparison, title: string, setting: ArmSetting, bytes: CacheBytes): ReachedArm {
  return { reached: true, title, setting, bytes, fraction: countBytes(bytes, count) / full };
}

function unreached(
  { budget, count, full }: Comparison,
  title: string,
  kind: ArmSetting['kind'],
  what: string,
  bytes: CacheBytes,
): UnreachedArm {
  const size = `${percent(countBytes(bytes, count) / full)} of the full cache, not ${percent(budget / full)}`;
  return { reached: false, title, kind, reason: `Cannot come to this size: ${what} ${size}.` };
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`;

/** Bytes of a cache of whose layers those with a sliding window stay as they are. */
function compressedCacheBytes(
  { kvHeads, headDim, seqLen, windows }: CacheShape,
  rows: (kvHeads: number) => CacheBytes,
): CacheBytes {
  const compressed = compressedLayers(windows);
  return sumBytes(
    windows.map((window, layer) =>
      compressed.includes(layer) ? rows(kvHeads) : exactBytes(kvHeads * heldTokens(seqLen, window), headDim),
    ),
  );
}

/** The largest number of tokens from 0 to `most` whose bytes are within the budget. Bytes are linear in tokens. */
function largestWithin(
  { budget, count }: Comparison,
  most: number,
  bytes: (tokens: number) => CacheBytes,
): number | undefined {
  const none = countBytes(bytes(0), count);
  if (none > budget) return undefined;
  const each = countBytes(bytes(1), count) - none;
  return each === 0 ? most : Math.min(most, Math.floor((budget - none) / each));
}
