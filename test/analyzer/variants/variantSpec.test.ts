import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { audit } from '../../../src/analyzer/audit.ts';
import { report as reportSchema, type PromptReport, type Report } from '../../../src/analyzer/report.ts';
import { auditSettings } from '../../../src/analyzer/settings.ts';
import { equalBytesTable } from '../../../src/analyzer/variants/comparison.ts';
import { planVariants } from '../../../src/analyzer/variants/variantSpec.ts';
import { format } from '../../../src/analyzer/formats/index.ts';
import { FakeModel } from '../../support/fakeModel.ts';
import { bankText, namedPrompt } from '../../support/prompts.ts';

const settings = (changes: object) => auditSettings.parse({ policies: ['knorm'], ratios: [0.5], ...changes });

async function measured(changes: object, model = new FakeModel()): Promise<{ prompt: PromptReport; report: Report }> {
  const input = { prompt: namedPrompt('system.md', bankText), fileText: bankText };
  const stream = audit([input], () => Promise.resolve(model), settings(changes), new AbortController().signal);
  for (;;) {
    const step = await stream.next();
    if (step.done !== true) continue;
    assert.equal(step.value.status, 'completed');
    const report = reportSchema.parse(step.value.report);
    return { prompt: report.prompts[0]!, report };
  }
}

describe('variants', () => {
  test('each cell of the grid is measured without and with every protection', async () => {
    const { prompt } = await measured({ policies: ['knorm', 'tova'], protections: ['fair', 'whitelist+reserve'] });
    assert.deepEqual(
      prompt.variants.map(({ id, protection }) => [id, protection]),
      ['knorm', 'tova'].flatMap((policy) => [
        [`${policy}@0.5`, null],
        [`${policy}@0.5+fair`, 'fair'],
        [`${policy}@0.5+whitelist+reserve`, 'whitelist+reserve'],
      ]),
    );
    assert.equal(prompt.variants[1]!.title, 'K-Norm at 50 % with fair eviction');
    const defense = (id: string): number =>
      prompt.variants.find((variant) => variant.id === id)!.instructions[0]!.retention!;
    assert.equal(defense('knorm@0.5+whitelist+reserve'), 1);
    assert.ok(defense('knorm@0.5') < 1);
  });

  test('a whitelist that does not fit is not measured there, and a finding says so', async () => {
    const { prompt, report } = await measured({ ratios: [0.5, 0.9], protections: ['whitelist'] });
    assert.deepEqual(
      prompt.unmeasured.map(({ id, code }) => [id, code]),
      [['knorm@0.9+whitelist', 'protection-exceeds-budget']],
    );
    const finding = report.findings.find(({ rule }) => rule === 'protection-exceeds-budget')!;
    assert.match(
      finding.message,
      /^The protection "whitelist" does not fit under K-Norm from 90 %: The whitelist needs \d+ of 2 slots\. Not measured there\.$/,
    );
    assert.deepEqual(finding.evidence.breaking, [{ policy: 'knorm', ratio: 0.9 }]);
    assert.match(format('text').render(report), /Not measured: K-Norm at 90 % with whitelist: The whitelist needs/);
  });

  test('other caches stand beside the policies: everything kept, and judged like them', async () => {
    const { prompt, report } = await measured({ caches: ['mikv', 'mlx'], protections: ['fair'] });
    assert.deepEqual(
      prompt.variants.map(({ id, kind }) => [id, kind]),
      [
        ['knorm@0.5', 'eviction'],
        ['knorm@0.5+fair', 'eviction'],
        ['mikv', 'mixed-precision'],
        ['mikv+fair', 'mixed-precision'],
      ],
    );
    assert.deepEqual(
      prompt.unmeasured.map(({ id, code }) => [id, code]),
      [['mlx', 'unsupported-model']],
    );
    const mikv = prompt.variants.find(({ id }) => id === 'mikv')!;
    assert.ok(mikv.instructions.every(({ retention }) => retention === 1));
    assert.ok(mikv.bytes < mikv.fullBytes);
    const html = format('html').render(report);
    assert.match(html, /all kept/);
    assert.match(format('text').render(report), /MiKV FP16\/INT2 \(20 %\)/);
  });

  test('kinds of compression are compared at equal bytes, and what cannot come to the size says why', async () => {
    const { prompt } = await measured({ bytes: ['50%'] });
    const [comparison] = prompt.equalBytes;
    assert.equal(comparison!.size, '50%');
    const { reached, unreached } = equalBytesTable(prompt, comparison!);
    assert.ok(reached.length >= 2, 'at least eviction and one mixed precision');
    for (const { bytes, fullBytes, comparedAt, title } of reached) {
      assert.ok(bytes <= 0.5 * fullBytes && bytes > 0.3 * fullBytes, title);
      assert.equal(comparedAt, '50%');
    }
    assert.deepEqual(
      reached.map(({ meanKl }) => meanKl),
      reached.map(({ meanKl }) => meanKl).toSorted((a, b) => a! - b!),
    );
    for (const { reason } of unreached) assert.match(reason, /./);
  });

  test('findings are about the grid: a protected or compared variant never adds one', async () => {
    const model = () => new FakeModel({ matters: () => 2 });
    const [plain, more] = [
      await measured({ policies: ['streaming-llm'] }, model()),
      await measured({ policies: ['streaming-llm'], protections: ['fair(weighted=true)'], bytes: ['40%'] }, model()),
    ];
    const rules = ({ report }: typeof plain) => report.findings.map(({ rule, range }) => [rule, range.offsets]);
    assert.deepEqual(rules(more), rules(plain));
    assert.ok(plain.report.findings.length > 0);
  });

  test('a finding says with which protection the instruction is not lost', async () => {
    const model = new FakeModel({ matters: (positions) => positions.size });
    const { report } = await measured({ policies: ['streaming-llm'], protections: ['fair'] }, model);
    const evicted = report.findings.filter(({ rule }) => rule === 'instruction-evicted');
    assert.match(evicted[0]!.message, /There it is not lost with fair eviction\.$/);
  });

  test('planning asks for exactly what each request reads', () => {
    const turn = { instructions: [], positions: [], context: [], promptTokens: 40 };
    const model = { kvHeads: 2, headDim: 64, windows: [null, null] };
    const { specs } = planVariants(settings({ caches: ['llamacpp'], bytes: ['100%'] }), turn, model);
    const ids = specs.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length, 'names are unique');
    assert.ok(ids.includes('llamacpp'));
  });
});
