import { budgetBytes, parseByteBudget } from '../../cache/byteBudget.ts';
import { countBytes } from '../../cache/bytes.ts';
import { eviction, needsOf, type CacheRequest } from '../../cache/cacheRequest.ts';
import { mikvTitle, parseCache, type CacheSpec } from '../../cache/cacheSpec.ts';
import { equalBytesArms, type EqualBytesArm } from '../../cache/equalBytes.ts';
import { importanceCount } from '../../cache/mikv/importanceTier.ts';
import { parseMikvPrecision, retainedBits } from '../../cache/mikv/mikvSettings.ts';
import { fullCacheBytes, type CacheShape } from '../../cache/quantised/cacheShape.ts';
import { uniformFormats } from '../../cache/quantised/index.ts';
import { HoldfastError, type HoldfastErrorCode } from '../../errors.ts';
import type { ModelInfo } from '../../runtime/languageModel.ts';
import { percent, policyTitle } from '../rules/wording.ts';
import type { AuditSettings } from '../settings.ts';
import { parseProtection, type ProtectedTurn } from './protectionExpression.ts';

/** One variant that an audit is asked for: what it is called, and how the cache is held. */
export interface VariantSpec {
  /** Unique in a report: `snapkv@0.5`, `snapkv@0.5+fair`, `mikv(low=int4)`, `snapkv@25%`. */
  readonly id: string;
  /** The name that users read: `SnapKV at 50 %`, `SnapKV at 50 % with fair eviction`. */
  readonly title: string;
  /** The part of the title that variants of other ratios share: `SnapKV with fair eviction`. */
  readonly group: string;
  readonly kind: CacheRequest['kind'];
  /** The policy, or the cache where entries are not evicted. */
  readonly policy: string;
  /** Share of entries evicted; 0 for a cache that keeps all of them. */
  readonly ratio: number;
  readonly protection: string | null;
  /** The size that it was made for, as written, where it is an arm of a comparison at equal bytes. */
  readonly comparedAt: string | null;
  readonly request: CacheRequest;
}

/** A variant that was asked for and cannot be measured on this prompt. */
export interface UnmeasuredVariant extends Omit<VariantSpec, 'request'> {
  readonly code: HoldfastErrorCode;
  readonly reason: string;
}

/** A size at which kinds of compression are compared. Arms without a variant say why it does not come to that size. */
export interface EqualBytesSpec {
  readonly size: string;
  readonly arms: readonly { readonly title: string; readonly variant: string | null; readonly reason: string | null }[];
}

export interface VariantPlan {
  readonly specs: readonly VariantSpec[];
  readonly unmeasured: readonly UnmeasuredVariant[];
  readonly equalBytes: readonly EqualBytesSpec[];
}

/** What variants are resolved on. */
export interface PlannedTurn extends ProtectedTurn {
  /** S: tokens of the system turn. */
  readonly promptTokens: number;
}

type PlanSettings = Pick<AuditSettings, 'policies' | 'ratios' | 'protections' | 'caches' | 'bytes'>;
type PlanModel = Pick<ModelInfo, 'kvHeads' | 'headDim' | 'windows'>;

/** Every variant that the settings ask for on one prompt: the grid, its protected arms, other caches, equal bytes. */
export function planVariants(settings: PlanSettings, turn: PlannedTurn, model: PlanModel): VariantPlan {
  const specs: VariantSpec[] = [];
  const unmeasured: UnmeasuredVariant[] = [];
  const add = ({ request, ...spec }: Omit<VariantSpec, 'request'> & { readonly request: () => CacheRequest }): void => {
    try {
      const resolved = request();
      needsOf(resolved, turn.promptTokens); // refuses protections that do not fit
      specs.push({ ...spec, request: resolved });
    } catch (error) {
      unmeasured.push({ ...spec, ...refusal(error) });
    }
  };
  const protections = settings.protections.map(parseProtection);
  /** A variant as it is, and once more under every protection. */
  const addProtected = (
    spec: Omit<VariantSpec, 'request' | 'protection' | 'comparedAt'>,
    request: CacheRequest,
  ): void => {
    add({ ...spec, protection: null, comparedAt: null, request: () => request });
    if (request.kind === 'quantised') return; // nothing is chosen, so nothing can be protected
    for (const protection of protections) {
      add({
        ...spec,
        id: `${spec.id}+${protection.id}`,
        title: `${spec.title} with ${protection.title}`,
        group: `${spec.group} with ${protection.title}`,
        protection: protection.id,
        comparedAt: null,
        request: () => ({ ...request, protections: protection.resolve(turn) }),
      });
    }
  };
  for (const policy of settings.policies) {
    for (const ratio of settings.ratios) {
      const group = policyTitle(policy);
      const title = `${group} at ${percent(ratio)}`;
      const spec = { id: `${policy}@${ratio}`, title, group, kind: 'eviction', policy, ratio } as const;
      addProtected(spec, eviction(policy, ratio));
    }
  }
  for (const cache of settings.caches.map(parseCache)) {
    const { id, title, kind } = cache;
    addProtected({ id, title, group: title, kind, policy: id, ratio: 0 }, cacheRequestOf(cache, turn));
  }
  const shape = { ...model, seqLen: turn.promptTokens };
  const equalBytes = settings.bytes.map((size) =>
    equalBytesAt(size, settings.policies, shape, (spec) => specs.push(spec)),
  );
  return { specs, unmeasured, equalBytes };
}

/** Why a variant cannot be measured; @throws what is not a matter of this variant alone. */
export function refusal(error: unknown): Pick<UnmeasuredVariant, 'code' | 'reason'> {
  const ofOneVariant: readonly string[] = [
    'invalid-settings',
    'unsupported-model',
    'nothing-to-protect',
    'protection-exceeds-budget',
  ];
  if (!(error instanceof HoldfastError) || !ofOneVariant.includes(error.code)) throw error;
  return { code: error.code, reason: [error.message, error.hint].filter((part) => part !== undefined).join(' ') };
}

function cacheRequestOf(cache: CacheSpec, { promptTokens }: PlannedTurn): CacheRequest {
  if (cache.kind === 'quantised') return { kind: 'quantised', format: cache.id };
  const { policy, precision, split, importanceRatio } = cache;
  const importantTokens = importanceCount(promptTokens, importanceRatio);
  return { kind: 'mixed-precision', policy, precision, split, importantTokens };
}

/** Uniform formats of one size differ little: the one that uses most of the budget stands for them. */
function equalBytesAt(
  size: string,
  policies: readonly string[],
  shape: CacheShape,
  add: (spec: VariantSpec) => void,
): EqualBytesSpec {
  const budget = budgetBytes(parseByteBudget(size), countBytes(fullCacheBytes(shape), 'payload'));
  const precisions = retainedBits.map((retained) => parseMikvPrecision({ retained }));
  const arms = equalBytesArms(shape, budget, { precisions, formats: uniformFormats });
  const largest = arms
    .flatMap((arm) => (arm.reached && arm.setting.kind === 'format' ? [arm] : []))
    .toSorted((a, b) => b.fraction - a.fraction)[0];
  const shown = arms.filter(
    (arm) => !isFormat(arm) || arm === largest || (largest === undefined && arm === arms.find(isFormat)),
  );
  return {
    size,
    arms: shown.flatMap((arm): EqualBytesSpec['arms'] => {
      if (!arm.reached) return [{ title: arm.title, variant: null, reason: arm.reason }];
      return armVariants(arm.setting, policies, size, shape.seqLen).map((spec) => {
        add(spec);
        return { title: spec.title, variant: spec.id, reason: null };
      });
    }),
  };
}

const isFormat = (arm: EqualBytesArm): boolean => (arm.reached ? arm.setting.kind : arm.kind) === 'format';

type ReachedSetting = Extract<EqualBytesArm, { readonly reached: true }>['setting'];

function armVariants(
  setting: ReachedSetting,
  policies: readonly string[],
  comparedAt: string,
  seqLen: number,
): VariantSpec[] {
  const common = { protection: null, comparedAt };
  switch (setting.kind) {
    case 'eviction':
      return policies.map((policy) => ({
        ...common,
        id: `${policy}@${comparedAt}`,
        title: `${policyTitle(policy)} at ${percent(setting.ratio)}`,
        group: policyTitle(policy),
        kind: 'eviction',
        policy,
        ratio: setting.ratio,
        request: eviction(policy, setting.ratio),
      }));
    case 'mikv': {
      const { precision, importantTokens } = setting;
      const tier = { precision, policy: null, split: 'heavy' } as const;
      const title = mikvTitle({ ...tier, share: importantTokens / seqLen });
      return [
        {
          ...common,
          id: `mikv-${precision.importance}-${precision.retained}@${comparedAt}`,
          title,
          group: title,
          kind: 'mixed-precision',
          policy: 'mikv',
          ratio: 0,
          request: { kind: 'mixed-precision', ...tier, importantTokens },
        },
      ];
    }
    case 'format': {
      const { id, title } = setting.format;
      return [
        {
          ...common,
          id: `${id}@${comparedAt}`,
          title,
          group: title,
          kind: 'quantised',
          policy: id,
          ratio: 0,
          request: { kind: 'quantised', format: id },
        },
      ];
    }
  }
}
