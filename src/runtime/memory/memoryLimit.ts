import { HoldfastError } from '../../errors.ts';
import type { AvailableMemory } from './availableMemory.ts';
import { formatBytes } from './bytes.ts';

/** What the engine may use: so many bytes, or a share of what is available when a model is loaded. */
export type MemoryLimit =
  { readonly kind: 'bytes'; readonly bytes: number } | { readonly kind: 'share'; readonly share: number };

/** A limit as users write it: `60%`, `4GB`, `512 MB`. */
export const memoryLimitPattern = /^(?:100|[1-9]\d?) ?%$|^(?:\d+(?:\.\d+)?) ?[MG]B$/iu;
/** Leaves room for the editor and what else runs; the estimate itself may be short by a tenth. */
export const defaultMemoryLimit = '60%';

const units: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9 };
/** Below this not even the engine's program fits: a typo, such as 4MB for 4GB. */
const smallestLimitBytes = 128e6;

/** Reads a limit. Throws `invalid-settings` with the forms that are understood. */
export function parseMemoryLimit(text: string): MemoryLimit {
  const trimmed = text.trim();
  const hint = 'Write a share of the available memory, such as 60%, or an amount, such as 4GB or 800MB.';
  if (!memoryLimitPattern.test(trimmed)) {
    throw new HoldfastError('invalid-settings', `"${text}" is not a memory limit.`, hint);
  }
  if (trimmed.endsWith('%')) return { kind: 'share', share: Number.parseInt(trimmed, 10) / 100 };
  const bytes = Number.parseFloat(trimmed) * units[trimmed.slice(-2).toUpperCase()]!;
  if (bytes < smallestLimitBytes) {
    throw new HoldfastError(
      'invalid-settings',
      `A memory limit of ${trimmed} is below ${formatBytes(smallestLimitBytes)}, which the engine itself needs.`,
      hint,
    );
  }
  return { kind: 'bytes', bytes };
}

export const limitBytes = (limit: MemoryLimit, { available }: AvailableMemory): number =>
  limit.kind === 'bytes' ? limit.bytes : limit.share * available;

/** `6.0 GB (60 % of 10.0 GB that are free)`. */
export function describeLimit(limit: MemoryLimit, memory: AvailableMemory): string {
  const bytes = formatBytes(limitBytes(limit, memory));
  return limit.kind === 'bytes'
    ? `${bytes} (${formatBytes(memory.available)} are free)`
    : `${bytes} (${Math.round(limit.share * 100)} % of ${formatBytes(memory.available)} that are free)`;
}
