import { capkv } from '../../src/cache/policies/capkv.ts';
import { cur } from '../../src/cache/policies/cur.ts';
import { expectedAttention } from '../../src/cache/policies/expectedAttention.ts';
import { h2o } from '../../src/cache/policies/h2o.ts';
import { parsePolicy } from '../../src/cache/policies/index.ts';
import { keydiff } from '../../src/cache/policies/keydiff.ts';
import { knorm } from '../../src/cache/policies/knorm.ts';
import { lagkv } from '../../src/cache/policies/lagkv.ts';
import { noncausal, noncausalScores } from '../../src/cache/policies/noncausal.ts';
import { protectionOf, type Budget, type Policy } from '../../src/cache/policies/policy.ts';
import { pyramid } from '../../src/cache/policies/pyramid.ts';
import { snapkv } from '../../src/cache/policies/snapkv.ts';
import { streamingLlm } from '../../src/cache/policies/streamingLlm.ts';
import { tova } from '../../src/cache/policies/tova.ts';

/** A budget of a single layer. */
export const budget = (keptTokens: number, ratio = 0.5): Budget => ({ keptTokens, ratio, layer: 0, layers: 1 });

/** Names of the reference outputs that carry their parameters. */
const named: readonly [pattern: RegExp, policy: (...captures: string[]) => Policy][] = [
  [/^snapkv_w(\d+)$/, (window) => snapkv.with({ window: Number(window) })],
  [/^expected_attention_eps([\d.]+)$/, (epsilon) => expectedAttention.with({ epsilon: Number(epsilon) })],
  [
    /^noncausal_c(\d+)$/,
    // The reference fills the last chunk with zeros, which compete.
    (chunk) => ({
      ...noncausal.with({ chunk: Number(chunk) }),
      score: (layer) => noncausalScores(layer, Number(chunk), true),
    }),
  ],
  [/^critical_(.+)$/, (base) => wrapped('criticalkv', base)],
  [/^criticaladakv_(.+)$/, (base) => wrapped('critical-adakv', base)],
  [/^adakv_(.+)$/, (base) => wrapped('adakv', base)],
  [/^chunkkv_(.+)_l(\d+)$/, (base, length) => wrapped('chunkkv', base, `,length=${length}`)],
  [/^chunk_(.+)_l(\d+)$/, (base, length) => wrapped('chunk', base, `,length=${length}`)],
  [/^block_(.+)_b(\d+)$/, (base, length) => wrapped('block', base, `,length=${length}`)],
  [/^keyrerotation_(.+)$/, (base) => wrapped('rerotate', base)],
];

function wrapped(wrapper: string, base: string, parameters = ''): Policy {
  const policy = referencePolicy(base);
  if (policy === undefined) throw new Error(`${wrapper} of ${base}, which Holdfast does not have`);
  // The critical wrappers weigh values themselves, but the reference combines them with any base.
  return parsePolicy(`${wrapper}(${policy.id}${parameters})`);
}

/** The policy behind a name of the reference outputs, undefined for one that Holdfast does not have. */
export function referencePolicy(name: string, parameters: Readonly<Record<string, unknown>> = {}): Policy | undefined {
  for (const [pattern, policy] of named) {
    const captures = pattern.exec(name);
    if (captures !== null) return policy(...captures.slice(1));
  }
  const number = (key: string): number | undefined =>
    parameters[key] === undefined ? undefined : Number(parameters[key]);
  switch (name) {
    case 'streaming_llm':
      return streamingLlm.with({ sinks: number('n_sink') });
    case 'snapkv':
      return snapkv.with({ window: number('window_size'), kernel: number('kernel_size') });
    case 'pyramidkv':
      return pyramid.with({ window: number('window_size'), kernel: number('kernel_size'), beta: number('beta') });
    case 'tova':
      return tova.with();
    case 'observed_attention':
      return h2o.with();
    case 'knorm':
      return knorm.with();
    case 'keydiff':
      return keydiff.with();
    case 'lagkv':
      return lagkv.with({ sinks: number('n_sink'), lag: number('lag_size') });
    case 'expected_attention':
      return expectedAttention.with({
        future: number('n_future_positions'),
        sinks: number('n_sink'),
        epsilon: number('epsilon'),
      });
    case 'cur':
      return cur.with();
    case 'capkv':
      return capkv.with();
    default:
      return undefined;
  }
}

/**
 * Asserts that scores [kvHeads, S] agree where they decide. The reference marks protected positions by a score above
 * all others; there only the marks are compared with the policy's protection.
 */
export function assertScores(
  actual: Float32Array,
  expected: Float32Array,
  policy: Policy,
  seqLen: number,
  within: (expected: number) => number,
): void {
  if (actual.length !== expected.length) throw new Error(`${actual.length} scores, expected ${expected.length}`);
  const { sinks, window } = protectionOf(policy, seqLen);
  const isProtected = new Set([...sinks, ...window]);
  let highest = -Infinity;
  for (const [entry, reference] of expected.entries()) {
    if (isProtected.has(entry % seqLen)) continue;
    highest = Math.max(highest, reference);
    // What a first stage decides has the largest score of all, which the reference writes in another way.
    const difference = reference > 1e38 && actual[entry]! > 1e38 ? 0 : Math.abs(actual[entry]! - reference);
    if (!(difference <= within(reference)))
      throw new Error(`${policy.title}, entry ${entry}: ${actual[entry]} is not ${reference} (off by ${difference})`);
  }
  for (const [entry, reference] of expected.entries()) {
    if (isProtected.has(entry % seqLen) && !(reference >= highest))
      throw new Error(`${policy.title}: the reference does not protect position ${entry % seqLen}`);
  }
}
