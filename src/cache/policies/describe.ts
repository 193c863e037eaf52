import { rowRange, unionOfNeeds, type Needs } from '../layerObservation.ts';
import { decodeFamilies } from '../decode/index.ts';
import { mikvParameters } from '../cacheSpec.ts';
import { cumulativeH2o } from '../mikv/importanceTier.ts';
import { formatFamilies } from '../quantised/index.ts';
import { defaultOf } from '../parameters.ts';
import type { Family } from './family.ts';
import { policyFamilies, wrapperFamilies, policyIds } from './index.ts';
import { notSimulated, type NotSimulated } from './notSimulated.ts';
import type { Paper } from './policy.ts';

/** A policy or wrapper as documentation and `holdfast policies` show it. */
export interface PolicyText {
  readonly id: string;
  readonly title: string;
  /** Part of an audit that names no policies. */
  readonly isDefault: boolean;
  /** One line: what it keeps; of a wrapper what it does to its base. */
  readonly summary: string;
  readonly formula: string;
  /** What it reads besides keys and values, in words. */
  readonly needs: string;
  readonly cost: string;
  /** Names with their defaults; null for one that has to be given, or is left out by default. */
  readonly parameters: Readonly<Record<string, string | null>>;
  readonly paper: Paper;
}

export interface DecodePolicyText {
  readonly id: string;
  readonly title: string;
  readonly formula: string;
  /** It drops what a policy scores lowest, which is named first. */
  readonly takesPolicy: boolean;
  readonly parameters: PolicyText['parameters'];
  readonly paper: Paper;
}

/** A way to hold a cache that keeps every entry, as documentation and `holdfast policies` show it. */
export interface CacheText {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly parameters: PolicyText['parameters'];
  readonly source: string;
}

/** Everything that is known about policies, as data. */
export interface PolicyTexts {
  readonly policies: readonly PolicyText[];
  readonly wrappers: readonly PolicyText[];
  readonly whileGenerating: readonly DecodePolicyText[];
  readonly caches: readonly CacheText[];
  readonly notSimulated: readonly NotSimulated[];
}

/** A prefix that is longer than every window, for what a policy needs. */
const sampleTokens = 4096;

export function policyTexts(): PolicyTexts {
  return {
    policies: policyFamilies.map((family) => {
      const policy = family.with();
      return { ...common(family), summary: policy.summary, needs: needsInWords(policy.needs(sampleTokens)) };
    }),
    wrappers: wrapperFamilies.map((family) => ({
      ...common(family),
      summary: family.effect,
      needs: family.needs,
    })),
    whileGenerating: decodeFamilies.map(({ id, title, formula, takesBase, schema, paper }) => ({
      id,
      title,
      formula,
      takesPolicy: takesBase,
      parameters: parametersOf(schema),
      paper,
    })),
    caches: [
      {
        id: 'mikv',
        title: 'MiKV',
        summary:
          'Nothing is evicted: an importance tier, chosen by a policy that is named first (cumulative attention by default), at high precision, all other entries at a low one, per token and KV head in two groups of channels.',
        parameters: parametersOf(mikvParameters),
        source: cumulativeH2o.paper.url,
      },
      ...formatFamilies.map(({ id, engine, summary, schema, source }) => ({
        id,
        title: engine,
        summary,
        parameters: parametersOf(schema),
        source,
      })),
    ],
    notSimulated,
  };
}

function common(family: Family) {
  const { id, title, formula, cost, paper, schema } = family;
  const isDefault = policyIds.some((each) => each === id);
  return { id, title, isDefault, formula, cost, paper, parameters: parametersOf(schema) };
}

export function parametersOf(schema: Family['schema']): PolicyText['parameters'] {
  const parameters = Object.keys(schema.shape).map((name) => {
    const standard = defaultOf(schema, name);
    return [name, standard === undefined ? null : String(standard)] as const;
  });
  return Object.fromEntries(parameters);
}

/** `attention of the last 16 rows, queries, rotary embedding`. */
export function needsInWords(needs: Needs): string {
  const { rowGroups, queries, rotary, outputWeight, secondPasses } = unionOfNeeds([needs]);
  const rows = rowGroups.map((group) => {
    if (group === 'all') return 'attention of all rows';
    const { start, end } = rowRange(group, sampleTokens);
    return `attention of the last ${end - start === 1 ? 'row' : `${end - start} rows`}`;
  });
  const others = [
    queries ? 'queries' : '',
    rotary ? 'rotary embedding' : '',
    outputWeight ? 'output projection' : '',
    secondPasses.length > 0 ? 'a second run' : '',
  ];
  return [...rows, ...others].filter((part) => part !== '').join(', ') || 'nothing';
}
