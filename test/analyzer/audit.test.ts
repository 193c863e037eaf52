import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { audit } from '../../src/analyzer/audit.ts';
import type { AuditInput, AuditOutcome, AuditProgress } from '../../src/analyzer/outcome.ts';
import { report as reportSchema } from '../../src/analyzer/report.ts';
import { FileResultStore, type ResultStore } from '../../src/analyzer/resultStore.ts';
import { auditSettings, type AuditSettings } from '../../src/analyzer/settings.ts';
import { HoldfastError } from '../../src/errors.ts';
import { FakeModel } from '../support/fakeModel.ts';
import { bankText, namedPrompt } from '../support/prompts.ts';

function input(text = bankText, uri = 'system.md'): AuditInput {
  return { prompt: namedPrompt(uri, text), fileText: text };
}

const settings = (changes: Partial<AuditSettings> = {}): AuditSettings =>
  auditSettings.parse({ policies: ['streaming-llm', 'knorm'], ratios: [0.5], ...changes });

async function run(
  model: FakeModel,
  options: { inputs?: AuditInput[]; signal?: AbortSignal; settings?: AuditSettings; store?: ResultStore } = {},
): Promise<{ outcome: AuditOutcome; progress: AuditProgress[] }> {
  const stream = audit(
    options.inputs ?? [input()],
    () => Promise.resolve(model),
    options.settings ?? settings(),
    options.signal ?? new AbortController().signal,
    options.store,
  );
  const progress: AuditProgress[] = [];
  for (;;) {
    const next = await stream.next();
    if (next.done === true) return { outcome: next.value, progress };
    progress.push(next.value);
  }
}

describe('audit', () => {
  test('a completed audit measures every instruction under every variant, and its report fits the schema', async () => {
    const model = new FakeModel();
    const { outcome } = await run(model);
    assert.equal(outcome.status, 'completed');
    const { prompts } = reportSchema.parse(outcome.report);
    assert.equal(prompts[0]!.status, 'measured');
    assert.deepEqual(
      prompts[0]!.variants.map(({ id }) => id),
      ['streaming-llm@0.5', 'knorm@0.5'],
    );
    for (const { instructions } of prompts[0]!.variants) {
      assert.equal(instructions.length, prompts[0]!.instructions.length);
      assert.ok(instructions.every(({ verdict }) => verdict !== 'not-measured'));
    }
    const prefilled = model.calls.filter((call) => call === 'prefill').length;
    assert.equal(model.released, prefilled, 'every prefix is released');
  });

  test('a model without a system role has a note in the report that says where the prompt stands', async () => {
    const notesOf = async (model: FakeModel) => (await run(model)).outcome.report.prompts[0]!.notes;
    assert.deepEqual(await notesOf(new FakeModel()), []);
    const [note, ...others] = await notesOf(new FakeModel({ placement: 'first-user-message' }));
    assert.match(note!, /no system role: .* first user message/);
    assert.deepEqual(others, []);
  });

  test('progress never falls and ends at the whole', async () => {
    const { progress } = await run(new FakeModel(), { inputs: [input(), input(bankText, 'other.md')] });
    const fractions = progress.map(({ fraction }) => fraction);
    assert.deepEqual(
      fractions,
      fractions.toSorted((a, b) => a - b),
    );
    assert.ok(Math.abs(fractions.at(-1)! - 1) < 1e-9);
  });

  test('two runs give the same report but for the timings', async () => {
    const [a, b] = [await run(new FakeModel()), await run(new FakeModel())];
    assert.deepEqual({ ...a.outcome.report, timings: {} }, { ...b.outcome.report, timings: {} });
  });

  test('cancelling keeps what was measured, marks it partial, and shows nothing unmeasured as held', async () => {
    const abort = new AbortController();
    const model = new FakeModel({
      before: (call) => {
        if (call === 'answer') abort.abort();
      },
    });
    const { outcome } = await run(model, { signal: abort.signal, inputs: [input(), input(bankText, 'other.md')] });
    assert.equal(outcome.status, 'cancelled');
    assert.equal(outcome.report.outcome, 'cancelled');
    const [first, second] = outcome.report.prompts;
    assert.equal(first!.status, 'partial');
    assert.equal(second!.status, 'not-measured');
    assert.ok(first!.variants.length > 0, 'retention was measured before the cancel');
    assert.equal(second!.variants.length, 0);
    assert.equal(model.released, model.calls.filter((call) => call === 'prefill').length);
  });

  test('a dead engine is a failed outcome with the reason, and the prompts after it are not measured', async () => {
    const model = new FakeModel({
      before: (call) => {
        if (call === 'compare') throw new HoldfastError('engine-exited', 'The engine was killed by SIGKILL.');
      },
    });
    const { outcome } = await run(model, { inputs: [input(), input(bankText, 'other.md')] });
    assert.equal(outcome.status, 'failed');
    assert.match(outcome.report.reason!, /SIGKILL/u);
    assert.deepEqual(
      outcome.report.prompts.map(({ status }) => status),
      ['partial', 'not-measured'],
    );
    assert.ok(outcome.error instanceof HoldfastError);
  });

  test('a prompt that is too long fails the audit but not the prompts after it', async () => {
    let prefills = 0;
    const model = new FakeModel({
      before: (call) => {
        if (call === 'prefill' && prefills++ === 0)
          throw new HoldfastError('prompt-too-long', 'It has 9 tokens too many.');
      },
    });
    const { outcome } = await run(model, { inputs: [input(), input(bankText, 'other.md')] });
    assert.equal(outcome.status, 'failed');
    assert.deepEqual(
      outcome.report.prompts.map(({ status }) => status),
      ['not-measured', 'measured'],
    );
    assert.match(outcome.report.prompts[0]!.statusReason!, /9 tokens too many/u);
  });

  test('a model that cannot be loaded is a failed outcome without verdicts', async () => {
    const stream = audit(
      [input()],
      () => Promise.reject(new HoldfastError('model-not-found', 'There is no model.')),
      settings(),
      new AbortController().signal,
    );
    let next = await stream.next();
    while (next.done !== true) next = await stream.next();
    assert.equal(next.value.status, 'failed');
    assert.equal(next.value.report.model, null);
    assert.deepEqual(next.value.report.findings, []);
  });

  test('evidence up to retention runs no answers and calls nothing held', async () => {
    const model = new FakeModel();
    const { outcome } = await run(model, { settings: settings({ evidence: 'retention' }) });
    assert.ok(!model.calls.includes('generate') && !model.calls.includes('compare'));
    const verdicts = outcome.report.prompts[0]!.variants.flatMap(({ instructions }) =>
      instructions.map((i) => i.verdict),
    );
    assert.ok(verdicts.every((verdict) => verdict === 'evicted' || verdict === 'not-measured'));
    assert.ok(verdicts.includes('evicted'));
  });

  test('answers of compressed caches evict as the settings say, the full cache never does', async () => {
    const model = new FakeModel();
    const { outcome } = await run(model, { settings: settings({ decode: 'h2o(budget=25%)' }) });
    assert.equal(outcome.status, 'completed');
    assert.equal(outcome.report.settings.decode, 'h2o(budget=25%)');
    assert.equal(model.prefillDecode, 'h2o(budget=25%)');
    assert.ok(
      model.evicting.some(({ mask }) => mask === 'none') && model.evicting.some(({ mask }) => mask === 'variant'),
    );
    for (const { mask, decode } of model.evicting)
      assert.equal(decode, mask === 'variant' ? 'h2o(budget=25%)' : undefined, mask);
    const plain = new FakeModel();
    await run(plain);
    assert.ok(plain.evicting.every(({ decode }) => decode === undefined) && plain.prefillDecode === undefined);
  });

  test('what retention decides is not run: an instruction that is kept whole loses nothing', async () => {
    const { outcome } = await run(new FakeModel());
    for (const { instructions } of outcome.report.prompts[0]!.variants) {
      for (const { retention, loss } of instructions) {
        if (retention === 1) assert.equal(loss, 0);
        if (retention === 0) assert.equal(loss, 1);
      }
    }
  });
});

describe('results of earlier audits', () => {
  const scratch = (): string => mkdtempSync(path.join(os.tmpdir(), 'holdfast-results-'));

  test('the same content is not measured again, and reads the same under another path', async () => {
    const folder = scratch();
    const store = new FileResultStore(folder, 'build 1');
    const first = await run(new FakeModel(), { store });
    const model = new FakeModel();
    const again = await run(model, { store, inputs: [input(bankText, 'elsewhere/system.md')] });
    assert.deepEqual(model.calls, []);
    const [a, b] = [first.outcome.report.prompts[0]!, again.outcome.report.prompts[0]!];
    assert.equal(b.uri, 'elsewhere/system.md');
    assert.deepEqual({ ...b, uri: a.uri }, a);
    rmSync(folder, { recursive: true });
  });

  test('another text, setting or build is measured', async () => {
    const folder = scratch();
    const store = new FileResultStore(folder, 'build 1');
    await run(new FakeModel(), { store });
    for (const options of [
      { store, inputs: [input(`${bankText}\n- Be brief.`)] },
      { store, settings: settings({ ratios: [0.25] }) },
      { store, settings: settings({ decode: 'tova(budget=50%)' }) },
      { store: new FileResultStore(folder, 'build 2') },
    ]) {
      const model = new FakeModel();
      await run(model, options);
      assert.ok(model.calls.includes('prefill'));
    }
    rmSync(folder, { recursive: true });
  });

  test('a cancelled audit leaves nothing to be read as complete', async () => {
    const folder = scratch();
    const store = new FileResultStore(folder, 'build 1');
    const abort = new AbortController();
    const cancelled = new FakeModel({ before: (call) => call === 'answer' && abort.abort() });
    await run(cancelled, { store, signal: abort.signal });
    const model = new FakeModel();
    const { outcome } = await run(model, { store });
    assert.ok(model.calls.includes('answer'));
    assert.equal(outcome.status, 'completed');
    rmSync(folder, { recursive: true });
  });

  test('a folder that cannot be written costs nothing but time', async () => {
    const { outcome } = await run(new FakeModel(), { store: new FileResultStore('/dev/null/results', 'build 1') });
    assert.equal(outcome.status, 'completed');
  });
});
