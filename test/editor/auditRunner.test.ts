import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Audit, AuditOutcome } from '../../src/analyzer/outcome.ts';
import { auditSettings } from '../../src/analyzer/settings.ts';
import { AuditRunner, type RunnerPorts, type RunState } from '../../src/editor/auditRunner.ts';
import { Results } from '../../src/editor/results.ts';
import { HoldfastError } from '../../src/errors.ts';
import { cancelledReport, failedReport, sampleReport } from '../support/sampleReport.ts';

const report = sampleReport();
const { uri } = report.prompts[0]!;
const target = { uri, text: 'text' };
const settings = auditSettings.parse({});
const never = new AbortController().signal;

/** An audit that reports one step, waits for `gate`, and ends as told. */
function scripted(outcome: AuditOutcome, gate: Promise<void> = Promise.resolve()): RunnerPorts['audit'] {
  return async function* (_inputs, _load, _settings, signal): Audit {
    yield { phase: 'prefill', fraction: 0.25, message: 'Prefill' };
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    if (!signal.aborted) await Promise.race([gate, aborted]);
    return signal.aborted ? { status: 'cancelled', report: cancelledReport() } : outcome;
  };
}

/** Finds one prompt with this text in every document. */
const extracts =
  (text: string): RunnerPorts['extract'] =>
  ({ uri: found }) => {
    const prompt = { uri: found, source: 'named-file', text, segments: [] };
    return Promise.resolve({ prompts: [prompt], inputs: [{ prompt, fileText: text }], reads: new Map(), reason: null });
  };

function runnerWith(
  audit: RunnerPorts['audit'],
  overrides: Partial<RunnerPorts> = {},
): { runner: AuditRunner; results: Results; states: RunState[]; log: string[] } {
  const results = new Results();
  const log: string[] = [];
  const runner = new AuditRunner({
    audit,
    extract: extracts('text'),
    loadModel: () => Promise.reject(new Error('not loaded in this test')),
    currentText: () => target.text,
    results,
    log: { info: (line) => log.push(line) },
    ...overrides,
  });
  const states: RunState[] = [];
  runner.onDidChangeState((state) => states.push(state));
  return { runner, results, states, log };
}

test('a completed audit publishes its findings and ends idle', async () => {
  const { runner, results, states } = runnerWith(scripted({ status: 'completed', report }));
  await runner.run([target], () => settings, never);
  assert.ok(results.get(uri));
  assert.deepEqual(states[1], { kind: 'running', fraction: 0.25, message: 'Prefill' });
  assert.deepEqual(
    states.map(({ kind }) => kind),
    ['running', 'running', 'idle'],
  );
});

test('cancel settles, publishes what was measured as partial, and says cancelled', async () => {
  const { runner, results } = runnerWith(scripted({ status: 'completed', report }, new Promise(() => undefined)));
  const run = runner.run([target], () => settings, never);
  await runner.cancel();
  assert.equal((await run).outcome.status, 'cancelled');
  assert.deepEqual([runner.state.kind, runner.isRunning], ['cancelled', false]);
  assert.equal(results.get(uri)?.prompts[0]?.status, 'partial');
});

test("the caller's signal cancels as well", async () => {
  const { runner } = runnerWith(scripted({ status: 'completed', report }, new Promise(() => undefined)));
  const controller = new AbortController();
  const run = runner.run([target], () => settings, controller.signal);
  controller.abort();
  assert.equal((await run).outcome.status, 'cancelled');
});

test('a failed audit leaves its reason for the views', async () => {
  const error = new HoldfastError('engine-exited', 'The engine was killed.');
  const { runner } = runnerWith(scripted({ status: 'failed', report: failedReport('killed'), error }));
  await runner.run([target], () => settings, never);
  assert.deepEqual(runner.state, { kind: 'failed', reason: 'The engine was killed.' });
});

test('an error that the audit did not expect is thrown on, and the runner is free again', async () => {
  const broken: RunnerPorts['audit'] = async function* (): Audit {
    await Promise.resolve();
    yield { phase: 'load', fraction: 0, message: '' };
    throw new TypeError('bug');
  };
  const { runner } = runnerWith(broken);
  await assert.rejects(
    runner.run([target], () => settings, never),
    TypeError,
  );
  assert.deepEqual([runner.isRunning, runner.state.kind], [false, 'failed']);
});

test('an outcome of an older text is not published, and the log says so', async () => {
  const { runner, results, log } = runnerWith(scripted({ status: 'completed', report }), {
    currentText: () => 'edited',
  });
  const { outdated } = await runner.run([target], () => settings, never);
  assert.deepEqual(outdated, [uri]);
  assert.equal(results.get(uri), undefined);
  assert.ok(log.some((line) => line.includes('changed while it was audited')));
});

test('a document without a prompt is refused with the reason', async () => {
  const { runner } = runnerWith(scripted({ status: 'completed', report }), {
    extract: () => Promise.resolve({ prompts: [], inputs: [], reads: new Map(), reason: 'it is empty' }),
  });
  await assert.rejects(
    runner.run([target], () => settings, never),
    { code: 'no-prompts', message: /it is empty/ },
  );
  assert.equal(runner.state.kind, 'idle');
});

test('announcements change the message and not the progress', async () => {
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const { runner, states } = runnerWith(scripted({ status: 'completed', report }, gate));
  const run = runner.run([target], () => settings, never);
  while (states.length < 2) await new Promise((resolve) => setImmediate(resolve));
  runner.announce('Downloading');
  assert.deepEqual(runner.state, { kind: 'running', fraction: 0.25, message: 'Downloading' });
  open();
  await run;
  runner.announce('late');
  assert.equal(runner.state.kind, 'idle');
});

test('no text of a prompt is logged', async () => {
  const secret = 'The code word is heron.';
  const { runner, log } = runnerWith(scripted({ status: 'completed', report }), {
    extract: extracts(secret),
  });
  await runner.run([{ uri, text: secret }], () => settings, never);
  const texts = [secret, ...report.prompts.flatMap(({ instructions }) => instructions.map(({ text }) => text))];
  for (const text of texts) assert.ok(!log.join('\n').includes(text));
});
