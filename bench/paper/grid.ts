import type { CacheRequest } from '../../src/cache/cacheRequest.ts';
import type { Range } from '../../src/cache/layerObservation.ts';
import type { Protections } from '../../src/cache/protection.ts';
import type { PartTokens } from './paperPrompt.ts';

/**
 * What is done about eviction: nothing; the clause of the defense whitelisted; equal shares for defense and directives; or,
 * as a control that knows nothing of either, a tenth of the prompt reserved at each end.
 */
export const protectionNames = ['none', 'whitelist', 'fair', 'reserve'] as const;
export type ProtectionName = (typeof protectionNames)[number];

/** Eviction without a policy: the control for every other one. */
export const randomPolicy = 'random';

/** One compressed cache of a prompt. */
export interface GridCell {
  readonly policy: string;
  readonly ratio: number;
  readonly protection: ProtectionName;
}

export interface Grid {
  readonly policies: readonly string[];
  /** Ascending, 0 first: the full cache. */
  readonly ratios: readonly number[];
  readonly protections: readonly ProtectionName[];
  /** Ratios at which protections other than `none` are measured. */
  readonly protectedRatios: readonly number[];
}

/** Every compressed cell; the full cache is measured once beside them. A random choice is not protected. */
export function gridCells({ policies, ratios, protections, protectedRatios }: Grid, isDefended: boolean): GridCell[] {
  return policies.flatMap((policy) =>
    protections
      .filter((protection) => protection === 'none' || (isDefended && policy !== randomPolicy))
      .flatMap((protection) =>
        ratios
          .filter((ratio) => ratio > 0 && (protection === 'none' || protectedRatios.includes(ratio)))
          .map((ratio) => ({ policy, ratio, protection })),
      ),
  );
}

const reservedShare = 0.1;

export function protectionsOf(
  protection: ProtectionName,
  parts: PartTokens | null,
  promptTokens: number,
): Protections | undefined {
  if (protection === 'none' || parts === null) return undefined;
  const reserved = Math.floor(reservedShare * promptTokens);
  switch (protection) {
    case 'whitelist':
      // As in the paper's code: a cell that is too small for the clause is not measured.
      return { whitelist: positionsIn(parts.clause), whitelistOverflow: 'refuse' };
    case 'fair':
      return { fair: { spans: [parts.defense, parts.directives].sort((a, b) => a.start - b.start) } };
    case 'reserve':
      return { reserve: { sinks: reserved, recent: reserved } };
  }
}

const positionsIn = ({ start, end }: Range): number[] => Array.from({ length: end - start }, (_, i) => start + i);

/** `draw` makes the random choice another one for each prompt. */
export function requestOf(
  { policy, ratio, protection }: GridCell,
  parts: PartTokens | null,
  promptTokens: number,
  draw: number,
): CacheRequest {
  const protections = protectionsOf(protection, parts, promptTokens);
  const expression = policy === randomPolicy ? `${randomPolicy}(seed=${draw})` : policy;
  return { kind: 'eviction', policy: expression, ratio, ...(protections === undefined ? {} : { protections }) };
}
