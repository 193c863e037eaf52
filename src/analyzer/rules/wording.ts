
/** Longest part of a probe that a message quotes: a whole short question, the start of a long one. */
const quotedProbeLength = 36;

const titles: Readonly<Record<string, string>> = {
  'streaming-llm': 'StreamingLLM',
  snapkv: 'SnapKV',
  tova: 'TOVA',
  h2o: 'H2O',
  knorm: 'K-Norm',
};

/** Product name of a policy; its id where this version does not know it (a report of another version). */
export function policyTitle(id: string): string {
  return titles[id] ?? id;
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

/** `StreamingLLM from 50 % and SnapKV from 75 %`. */
export function breakingList(breaking: readonly { policy: string; ratio: number }[]): string {
  return listed(breaking.map(({ policy, ratio }) => `${policyTitle(policy)} from ${percent(ratio)}`));
}

/** A probe in quotes, cut after a word. */
export function quoted(probe: string): string {
  const line = probe.replace(/\s+/g, ' ').trim();
  if (line.length <= quotedProbeLength) return `'${line}'`;
  const cut = line.slice(0, quotedProbeLength + 1).replace(/\s+\S*$/, '');
  return `'${cut.slice(0, quotedProbeLength)}...'`;
}

export const twoDecimals = (value: number): string => value.toFixed(2);

/** `3 findings`, `1 finding`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
