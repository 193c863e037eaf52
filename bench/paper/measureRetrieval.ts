import { countBytes } from '../../src/cache/bytes.ts';
import { eviction, evictions, type CacheRequest } from '../../src/cache/cacheRequest.ts';
import { equalBytesArms } from '../../src/cache/equalBytes.ts';
import { importanceCount } from '../../src/cache/mikv/importanceTier.ts';
import {
  defaultImportanceRatio,
  parseMikvPrecision,
  retainedBits,
  tierNames,
} from '../../src/cache/mikv/mikvSettings.ts';
import { fullCacheBytes, type CacheShape } from '../../src/cache/quantised/cacheShape.ts';
import type { Mask, ModelInfo } from '../../src/runtime/languageModel.ts';
import type { Pause } from '../../src/runtime/simulator/pause.ts';
import type { Simulator } from '../../src/runtime/simulator/simulator.ts';
import { randomPolicy } from './grid.ts';
import { lineRetrieval, states } from './lineRetrieval.ts';
import type { RetrievalRecord } from './records.ts';

export interface RetrievalSettings {
  readonly lines: number;
  readonly seed: number;
  readonly policies: readonly string[];
}

interface Arm {
  readonly arm: string;
  /** The precision whose bytes it takes; null for the full cache. */
  readonly size: string | null;
  readonly bytes: number; // share of the full cache
  readonly mask: Mask;
}

/** Tokens after the lead-in: the number, and a little for a model that says something before it. */
const answerTokens = 12;

/**
 * One prompt of line retrieval under the full cache, mixed precision, and every policy at the bytes of each precision. The
 * answer is begun for the model, so that its likelihood is that of the number and not of a way to say it.
 */
export async function measureRetrieval(
  simulator: Simulator,
  info: Pick<ModelInfo, 'kvHeads' | 'headDim' | 'windows'>,
  sample: number,
  { lines, seed, policies }: RetrievalSettings,
  pause: Pause,
): Promise<Omit<RetrievalRecord, 'unit' | 'seconds'>> {
  const { system, questions } = lineRetrieval(lines, seed, sample);
  const { ids } = simulator.encodeSystem(system);
  const named = policies.map((policy) => (policy === randomPolicy ? `${randomPolicy}(seed=${sample})` : policy));
  const requests = [...retainedBits.map((bits) => mikv(ids.length, bits, true)), ...evictions(named)];
  const prefix = await simulator.prefill(ids, requests, pause);
  try {
    const asked = questions.map(({ user, leadIn, value }) => ({
      suffix: Int32Array.from([...simulator.encodeUser(system, user), ...simulator.tokenizer.encode(leadIn).ids]),
      target: simulator.tokenizer.encode(` ${value}`).ids,
      maxTokens: answerTokens,
    }));
    const ask = async (arms: readonly Arm[]): Promise<RetrievalRecord['arms']> => {
      const rows = arms.flatMap(({ mask }) => asked.map((row) => ({ ...row, mask })));
      const answered = await simulator.answer(prefix, rows, pause);
      return arms.map(({ arm, size, bytes }, i) => ({
        arm,
        size,
        bytes,
        questions: questions.map(({ value }, q) => {
          const { generated, comparison } = answered[i * questions.length + q]!;
          return {
            logProb: comparison.logProbs.reduce((sum, each) => sum + each, 0) / comparison.logProbs.length,
            correct: states(generated.text, value),
            said: generated.text,
          };
        }),
      }));
    };
    const arms = await ask([{ arm: 'full', size: null, bytes: 1, mask: { kind: 'none' } }]);
    for (const retained of retainedBits) {
      const size = tierNames(parseMikvPrecision({ retained }));
      const armOf = (arm: string, request: CacheRequest): Arm => {
        const { variant, bytes, fullBytes } = simulator.compress(prefix, request);
        return { arm, size, bytes: bytes / fullBytes, mask: { kind: 'variant', variant } };
      };
      // Each is asked before the next is made: only the last cache of its own keys and values is held.
      const mixed = armOf('mikv', mikv(ids.length, retained, true));
      arms.push(...(await ask([mixed])));
      arms.push(...(await ask([armOf('mikv without balancer', mikv(ids.length, retained, false))])));
      const ratio = evictionRatioAt(mixed.bytes, { ...info, seqLen: ids.length });
      if (ratio !== null)
        arms.push(...(await ask(policies.map((policy, i) => armOf(policy, eviction(named[i]!, ratio))))));
    }
    return { kind: 'retrieval', sample, promptTokens: ids.length, arms };
  } finally {
    simulator.release(prefix);
  }
}

const mikv = (promptTokens: number, retained: (typeof retainedBits)[number], balancer: boolean): CacheRequest => ({
  kind: 'mixed-precision',
  policy: null,
  importantTokens: importanceCount(promptTokens, defaultImportanceRatio),
  precision: parseMikvPrecision({ retained, balancer }),
  split: 'heavy',
});

/** The ratio at which eviction comes to this share of the bytes; null where a single entry is more. */
function evictionRatioAt(share: number, shape: CacheShape): number | null {
  const budget = Math.round(share * countBytes(fullCacheBytes(shape), 'payload'));
  const [evicted] = equalBytesArms(shape, budget, { precisions: [], formats: [] });
  return evicted?.reached === true && evicted.setting.kind === 'eviction' ? evicted.setting.ratio : null;
}
