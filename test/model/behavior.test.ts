// Sampled answers and what is read from them, on real weights through the engine's process.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { audit } from '../../src/analyzer/audit.ts';
import { auditSettings } from '../../src/analyzer/settings.ts';
import { eviction, evictions } from '../../src/cache/cacheRequest.ts';
import type { GenerateRow, Mask } from '../../src/runtime/languageModel.ts';
import { loadDefaultModel } from '../support/defaultEngine.ts';
import { needsModel } from '../support/model.ts';
import { namedPrompt } from '../support/prompts.ts';

const never = new AbortController().signal;
const system =
  'You are a cook.\n- Always answer in Spanish.\n- Suggest one dish per answer.\n- Mention how long it takes.';

describe('sampled answers on the default model', { ...needsModel(), concurrency: 1 }, async () => {
  if (needsModel().skip !== false) return;
  const model = await loadDefaultModel();
  const turn = await model.encodeSystem(system, never);
  const suffix = await model.encodeUser(system, 'What can I cook with potatoes?', never);
  const llama = { kind: 'quantised', format: 'llamacpp(keys=q4_0,values=q4_0)' } as const;
  const prefix = await model.prefill(turn.ids, [...evictions(['knorm']), llama], never);
  const evicted = await model.compress(prefix, eviction('knorm', 0.5), never);
  const quantised = await model.compress(prefix, llama, never);
  const none: Mask = { kind: 'none' };
  const sampled = (seed: number, temperature = 0.7, mask: Mask = none): GenerateRow => ({
    mask,
    suffix,
    maxTokens: 24,
    sampling: { temperature, seed },
  });
  const texts = async (rows: readonly GenerateRow[]) =>
    (await model.generate(prefix, rows, never)).map(({ text }) => text);

  test('do not depend on what is sampled beside them', async () => {
    const rows = [3, 4, 5, 6].map((seed) => sampled(seed));
    const together = await texts(rows);
    for (const [i, row] of rows.entries()) assert.deepEqual(await texts([row]), [together[i]], `seed ${i + 3}`);
    assert.ok(new Set(together).size > 1, 'seeds differ');
  });

  test('at a low temperature are the greedy one', async () => {
    const [greedy, cold] = await texts([{ mask: none, suffix, maxTokens: 24 }, sampled(1, 1e-4)]);
    assert.equal(cold, greedy);
  });

  test('are the same under a cache whose entries are all restored', async () => {
    const all = Int32Array.from(turn.ids.keys());
    for (const { variant } of [evicted, quantised]) {
      const mask: Mask = { kind: 'variant-restored', variant, positions: all };
      const [full, restored] = await texts([sampled(8), sampled(8, 0.7, mask)]);
      assert.equal(restored, full);
      const target = (await model.generate(prefix, [{ mask: none, suffix, maxTokens: 12 }], never))[0]!.ids;
      const [comparison] = await model.compare(prefix, [{ mask, suffix, target }], never);
      for (const kl of comparison!.kl) assert.ok(kl < 1e-3, `KL ${kl}`);
    }
  });

  test('show that a rule of language is effective, and that a cache without its entries lost it', async () => {
    const settings = auditSettings.parse({
      policies: ['streaming-llm'],
      ratios: [0.1, 0.75],
      evidence: 'behavior',
      samples: 8,
      sampleBudget: 16,
      maxResponseTokens: 24,
      probes: ['What can I cook with potatoes?'],
    });
    const prompt = namedPrompt('system.md', system);
    const stream = audit([{ prompt, fileText: system }], () => Promise.resolve(model), settings, never);
    let next = await stream.next();
    while (next.done !== true) next = await stream.next();
    const [measured] = next.value.report.prompts;
    const rule = measured!.instructions.find(({ text }) => text.includes('Spanish'))!;
    assert.equal(rule.checks[0]?.status, 'effective', JSON.stringify(rule.checks));
    const [light, heavy] = measured!.variants.map((variant) => variant.instructions.find(({ id }) => id === rule.id));
    assert.ok(heavy!.risk! > light!.risk!, `${light!.risk} ${heavy!.risk}`);
    assert.ok(heavy!.checks[0]!.survival.value < 0.5, JSON.stringify(heavy));
  });
});
