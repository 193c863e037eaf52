import { knownCache } from '../../cache/cacheSpec.ts';
import { parsedOrUndefined } from '../../cache/expression.ts';
import { knownPolicy } from '../../cache/policies/index.ts';
import { parseProtection } from '../variants/protectionExpression.ts';

/** Longest part of a probe that a message quotes: a whole short question, the start of a long one. */
const quotedProbeLength = 36;

/** Product name of a policy, or of a cache that keeps every entry; its id where this version does not know it (a report of another version). */
export function policyTitle(id: string): string {
  return (knownPolicy(id) ?? knownCache(id))?.title ?? id;
}

/** The name of a protection; its expression where this version does not know it. */
export function protectionTitle(expression: string): string {
  return parsedOrUndefined(parseProtection, expression)?.title ?? expression;
}

/** A share as people read it: `50 %`, `12.5 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

/** `A`, `A and B`, `A, B and C`. */
export function listed(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)!}`;
}

/** `StreamingLLM and K-Norm`, by product name. */
export function policyList(policies: readonly string[]): string {
  return listed(policies.map(policyTitle));
}

/** `SnapKV at 50 %`; a cache that keeps every entry has no ratio. */
export const variantTitle = ({ policy, ratio }: { readonly policy: string; readonly ratio: number }): string =>
  ratio === 0 ? policyTitle(policy) : `${policyTitle(policy)} at ${percent(ratio)}`;

/** `StreamingLLM from 50 % and SnapKV from 75 %`; policies that break at one ratio share it. */
export function breakingList(breaking: readonly { policy: string; ratio: number }[]): string {
  const ratios = [...new Set(breaking.map(({ ratio }) => ratio))].sort((a, b) => a - b);
  const groups = ratios.map((ratio) => breaking.filter((each) => each.ratio === ratio).map(({ policy }) => policy));
  const parts = groups.map(
    (policies, i) => `${policyList(policies)}${ratios[i] === 0 ? '' : ` from ${percent(ratios[i]!)}`}`,
  );
  return groups.some((policies) => policies.length > 1) ? parts.join(', ') : listed(parts);
}

/** A probe in quotes, cut after a word. */
export function quoted(probe: string): string {
  const line = probe.replace(/\s+/g, ' ').trim();
  if (line.length <= quotedProbeLength) return `'${line}'`;
  const cut = line.slice(0, quotedProbeLength + 1).replace(/\s+\S*$/, '');
  return `'${cut.slice(0, quotedProbeLength)}...'`;
}

/** A log-probability of a whole answer: `-6.8`. */
export const nats = (logProb: number): string => logProb.toFixed(1);

export const twoDecimals = (value: number): string => value.toFixed(2);

/** `3 findings`, `1 finding`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
