import { h2o } from '../../src/cache/policies/h2o.ts';
import { knorm } from '../../src/cache/policies/knorm.ts';
import type { Policy } from '../../src/cache/policies/policy.ts';
import { createSnapKv, snapkv } from '../../src/cache/policies/snapkv.ts';
import { createStreamingLlm } from '../../src/cache/policies/streamingLlm.ts';
import { tova } from '../../src/cache/policies/tova.ts';

/** The policy behind a name of the reference outputs, undefined for one that Holdfast does not have. */
export function referencePolicy(name: string, parameters: Readonly<Record<string, unknown>> = {}): Policy | undefined {
  const number = (key: string, fallback: number): number => Number(parameters[key] ?? fallback);
  const window = /^snapkv_w(\d+)$/.exec(name)?.[1];
  if (window !== undefined) return createSnapKv({ window: Number(window), kernel: snapkv.parameters.kernel });
  switch (name) {
    case 'streaming_llm':
      return createStreamingLlm({ sinks: number('n_sink', 4) });
    case 'snapkv':
      return createSnapKv({ window: number('window_size', 16), kernel: number('kernel_size', 5) });
    case 'tova':
      return tova;
    case 'observed_attention':
      return h2o;
    case 'knorm':
      return knorm;
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
  const { sinks, window } = policy.protect?.(seqLen) ?? { sinks: [], window: [] };
  const isProtected = new Set([...sinks, ...window]);
  let highest = -Infinity;
  for (const [entry, reference] of expected.entries()) {
    if (isProtected.has(entry % seqLen)) continue;
    highest = Math.max(highest, reference);
    const difference = Math.abs(actual[entry]! - reference);
    if (!(difference <= within(reference)))
      throw new Error(`${policy.title}, entry ${entry}: ${actual[entry]} is not ${reference} (off by ${difference})`);
  }
  for (const [entry, reference] of expected.entries()) {
    if (isProtected.has(entry % seqLen) && !(reference >= highest))
      throw new Error(`${policy.title}: the reference does not protect position ${entry % seqLen}`);
  }
}
