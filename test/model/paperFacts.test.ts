// What the papers report, on the default model and the example prompts: eviction bias and its cures (Pitfalls of KV Cache
// Compression, arXiv 2510.00231), mixed precision against eviction at the same bytes (MiKV, arXiv 2402.18096).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { audit } from '../../src/analyzer/audit.ts';
import { instructionProbes } from '../../src/analyzer/probes/index.ts';
import type { Prompt } from '../../src/analyzer/prompt.ts';
import type { PromptReport } from '../../src/analyzer/report.ts';
import { segmentPrompt } from '../../src/analyzer/segmentPrompt.ts';
import { auditSettings, type AuditSettings } from '../../src/analyzer/settings.ts';
import { largestLeak } from '../../src/analyzer/variants/comparison.ts';
import type { CacheRequest } from '../../src/cache/cacheRequest.ts';
import { budgetBytes } from '../../src/cache/byteBudget.ts';
import { countBytes } from '../../src/cache/bytes.ts';
import { equalBytesArms } from '../../src/cache/equalBytes.ts';
import { parseMikvPrecision } from '../../src/cache/mikv/mikvSettings.ts';
import { fullCacheBytes } from '../../src/cache/quantised/cacheShape.ts';
import type { Mask } from '../../src/runtime/languageModel.ts';
import { loadDefaultModel } from '../support/defaultEngine.ts';
import { needsModel } from '../support/model.ts';
import { namedPrompt } from '../support/prompts.ts';

const never = new AbortController().signal;
const root = fileURLToPath(new URL('../../', import.meta.url));
const examples = [
  'acme-bank/system.md',
  'coding-agent/AGENTS.md',
  'invoice-extractor/system.md',
  'stadtwerke/system-prompt.md',
];
const example = (file: string): Prompt => namedPrompt(file, readFileSync(path.join(root, 'examples', file), 'utf8'));

/** The instructions of a prompt as a list, in their order and the other way round: what differs is the place alone. */
function bothOrders(prompt: Prompt): [Prompt, Prompt] {
  const lines = segmentPrompt(prompt).instructions.map(({ text }) => `- ${text.replaceAll(/\s+/gu, ' ')}`);
  return [namedPrompt('a.md', lines.join('\n')), namedPrompt('b.md', lines.toReversed().join('\n'))];
}

/** Those that every audit asks. */
const probes = instructionProbes({ text: '' }, { instructions: [] }).filter(({ id, kind }) => id === kind);

const mean = (values: Iterable<number>): number => {
  const all = [...values];
  return all.reduce((sum, value) => sum + value, 0) / all.length;
};

describe('facts of the papers on the default model', { ...needsModel(), concurrency: 1 }, async () => {
  if (needsModel().skip !== false) return;
  const model = await loadDefaultModel();

  async function measured(prompt: Prompt, changes: Partial<AuditSettings>): Promise<PromptReport> {
    const settings = auditSettings.parse(changes);
    const stream = audit([{ prompt, fileText: prompt.text }], () => Promise.resolve(model), settings, never);
    for (;;) {
      const step = await stream.next();
      if (step.done !== true) continue;
      assert.equal(step.value.status, 'completed', step.value.report.reason ?? '');
      return step.value.report.prompts[0]!;
    }
  }

  test('StreamingLLM, SnapKV and H2O keep later instructions more than earlier ones, and K-Norm does not', async (t) => {
    const policies = ['streaming-llm', 'snapkv', 'h2o', 'tova', 'knorm'];
    /** Retention in the second half of the prompt less that in the first, per policy; each instruction stands in both. */
    const bias = new Map(policies.map((policy) => [policy, [] as number[]]));
    for (const file of examples) {
      for (const prompt of bothOrders(example(file))) {
        const { variants } = await measured(prompt, { policies, ratios: [0.5], evidence: 'retention' });
        for (const { policy, instructions } of variants) {
          const kept = instructions.flatMap(({ retention }) => retention ?? []);
          const half = kept.length / 2;
          bias.get(policy)!.push(mean(kept.slice(Math.ceil(half))) - mean(kept.slice(0, Math.floor(half))));
        }
      }
    }
    const found = new Map([...bias].map(([policy, differences]) => [policy, mean(differences)]));
    for (const [policy, difference] of found)
      t.diagnostic(`${policy}: retention of the second half less that of the first at 50 %: ${difference.toFixed(3)}`);
    for (const policy of ['streaming-llm', 'snapkv', 'h2o'])
      assert.ok(found.get(policy)! > 0.1, `${policy}: ${found.get(policy)}`);
    assert.ok(found.get('knorm')! < 0.05, `knorm: ${found.get('knorm')}`);
  });

  test('fair eviction keeps the same share of every span, but for one token', async (t) => {
    const sinks = 4;
    for (const file of examples) {
      const { ids } = await model.encodeSystem(example(file).text, never);
      const S = ids.length;
      const third = Math.floor(S / 3);
      const spans = [0, third, 2 * third].map((start, i) => ({ start, end: i === 2 ? S : start + third }));
      const requests = ['streaming-llm', 'snapkv', 'h2o', 'tova', 'knorm'].map(
        (policy): CacheRequest & { policy: string } => ({
          kind: 'eviction',
          policy,
          ratio: 0.5,
          protections: { fair: { spans } },
        }),
      );
      const prefix = await model.prefill(ids, requests, never);
      for (const request of requests) {
        const { kept, keptTokens } = await model.compress(prefix, request, never);
        // StreamingLLM gives the sinks to the first span beside its share.
        const extra = request.policy === 'streaming-llm' ? sinks : 0;
        let worst = 0;
        for (let layer = 0; layer < kept.layers; layer++) {
          for (let head = 0; head < kept.kvHeads; head++) {
            for (const [i, { start, end }] of spans.entries()) {
              const inSpan = kept
                .positions(layer, head)
                .filter((position) => position >= start && position < end).length;
              const free = i === 0 ? extra : 0;
              const share = free + ((end - start - free) * (keptTokens - extra)) / (S - extra);
              worst = Math.max(worst, Math.abs(inSpan - share));
            }
          }
        }
        t.diagnostic(`${file}, ${request.policy}: at most ${worst.toFixed(2)} entries from equal shares`);
        assert.ok(worst <= 1, `${file}, ${request.policy}: ${worst} entries from equal shares`);
      }
      await model.release(prefix);
    }
  });

  test('the leak of the acme-bank prompt under StreamingLLM stops with a whitelist, and with fair eviction', async (t) => {
    const { variants, fullLeak } = await measured(example('acme-bank/system.md'), {
      policies: ['streaming-llm'],
      ratios: [0.4, 0.5],
      protections: ['whitelist(of=defense)', 'fair'],
    });
    t.diagnostic(`full cache: directives ${fullLeak!.directives.toFixed(2)}`);
    for (const variant of variants) {
      const leak = largestLeak(variant)!;
      t.diagnostic(`${variant.title}: directives ${leak.toFixed(2)}`);
      if (variant.protection === null) assert.ok(leak > 0.5, `${variant.title}: ${leak}`);
      else assert.ok(leak < 0.2, `${variant.title}: ${leak}`);
    }
  });

  test('mixed precision with three or four bits is closer to the full cache than H2O eviction of the same bytes', async (t) => {
    for (const file of examples) {
      const { text } = example(file);
      const { ids } = await model.encodeSystem(text, never);
      const suffixes = await Promise.all(probes.map(({ text: probe }) => model.encodeUser(text, probe, never)));
      const arms = [
        { retained: 2, balancer: false },
        { retained: 2, balancer: true },
        { retained: 3, balancer: true },
        { retained: 4, balancer: true },
      ].map((arm) => ({ ...arm, request: mikv(ids.length, arm.retained, arm.balancer) }));
      const shape = { ...model.info, seqLen: ids.length };
      const prefix = await model.prefill(ids, [...arms.map(({ request }) => request), h2o(0.5)], never);
      const none = { kind: 'none' } as const;
      const asked = suffixes.map((suffix) => ({ mask: none, suffix, maxTokens: 32 }));
      const targets = (await model.generate(prefix, asked, never)).map(({ ids: answer }) => answer);
      /** Distance from the full cache on its own answers to the built-in probes, mean over their tokens. */
      const distance = async (mask: Mask) => {
        const rows = suffixes.map((suffix, i) => ({ mask, suffix, target: targets[i]! }));
        const compared = await model.compare(prefix, rows, never);
        return {
          kl: mean(compared.flatMap(({ kl }) => [...kl])),
          logProb: mean(compared.flatMap(({ logProbs }) => [...logProbs])),
        };
      };
      const exact = await distance(none);
      const distanceOf = async (request: CacheRequest) => {
        const { variant, bytes } = await model.compress(prefix, request, never);
        return { ...(await distance({ kind: 'variant', variant })), bytes };
      };
      for (const { retained, balancer, request } of arms) {
        const mixed = await distanceOf(request);
        const fullBytes = countBytes(fullCacheBytes(shape), 'payload');
        const budget = budgetBytes({ kind: 'absolute', bytes: mixed.bytes }, fullBytes);
        const [arm] = equalBytesArms(shape, budget, { precisions: [], formats: [] });
        assert.ok(arm?.reached === true && arm.setting.kind === 'eviction');
        const evicted = await distanceOf(h2o(arm.setting.ratio));
        t.diagnostic(
          `${file}: FP16/INT${retained}${balancer ? '' : ' without balancer'} at ${((100 * mixed.bytes) / fullBytes).toFixed(1)} %: ` +
            `KL ${mixed.kl.toFixed(4)} against ${evicted.kl.toFixed(4)}, log-probability of the answer ` +
            `${mixed.logProb.toFixed(3)} against ${evicted.logProb.toFixed(3)}, full cache ${exact.logProb.toFixed(3)}`,
        );
        // Two bits are too few for this model on some prompts: reported whatever they are.
        if (retained === 2) continue;
        assert.ok(mixed.kl < evicted.kl, `${file}, INT${retained}: KL`);
        const [ours, theirs] = [mixed, evicted].map(({ logProb }) => Math.abs(logProb - exact.logProb));
        assert.ok(ours! < theirs!, `${file}, INT${retained}: log-probability off by ${ours} against ${theirs}`);
      }
      await model.release(prefix);
    }
  });
});

const h2o = (ratio: number): CacheRequest => ({ kind: 'eviction', policy: 'h2o', ratio });

const mikv = (seqLen: number, retained: number, balancer: boolean): CacheRequest => ({
  kind: 'mixed-precision',
  policy: null,
  importantTokens: Math.floor(0.2 * seqLen),
  precision: parseMikvPrecision({ importance: 16, retained, balancer }),
  split: 'heavy',
});
