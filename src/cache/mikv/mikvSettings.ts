import { z } from 'zod';
import { HoldfastError } from '../../errors.ts';

/** Bits of an element in the importance tier; 16 is fp16, without quantisation. */
export const importanceBits = [16, 8, 4, 2] as const;
/** Bits of an element that eviction would have dropped. */
export const retainedBits = [4, 3, 2] as const;

/** How entries of both tiers are stored. */
export const mikvPrecision = z
  .strictObject({
    importance: z.literal(importanceBits).default(16).describe('Bits of an element in the importance tier.'),
    retained: z.literal(retainedBits).default(2).describe('Bits of an element in the retained tier.'),
    balancer: z.boolean().default(true).describe('Balance the channels of quantised keys.'),
  })
  .refine(({ importance, retained }) => importance >= retained, {
    error: 'has to have at least as many bits as the retained tier',
    path: ['importance'],
  });

export type MikvPrecision = z.infer<typeof mikvPrecision>;

/**
 * Precisions of unknown origin, with defaults.
 *
 * @throws HoldfastError `invalid-settings`.
 */
export function parseMikvPrecision(given: unknown): MikvPrecision {
  const parsed = mikvPrecision.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new HoldfastError(
    'invalid-settings',
    `Mixed precision: ${z.prettifyError(parsed.error)}`,
    `Importance tier: ${importanceBits.join(', ')} bits; retained tier: ${retainedBits.join(', ')} bits.`,
  );
}

/** Share of entries in the importance tier in the paper's headline results. */
export const defaultImportanceRatio = 0.2;

/** The name of a pair of precisions, such as `FP16/INT2`. */
export const tierNames = ({ importance, retained }: Pick<MikvPrecision, 'importance' | 'retained'>): string =>
  `${tierName(importance)}/${tierName(retained)}`;

const tierName = (bits: number): string => (bits === 16 ? 'FP16' : `INT${bits}`);
