import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { report as reportSchema, type Report, type VariantReport } from '../../src/analyzer/report.ts';
import { defaultModelPath, needsModel } from '../support/model.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const cli = path.join(root, 'dist', 'cli.cjs');
const bank = 'examples/acme-bank/system.md';
/** Long enough for a slow machine that does other things as well. */
const slow = 15 * 60_000;

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}
interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** Settles when stderr has shown the text. */
  readonly saw: (text: string) => Promise<void>;
}

/** Starts the built CLI in a process group of its own, so that a test can send it what a terminal sends. */
function start(...argv: string[]): Running {
  assert.ok(existsSync(cli), 'dist/cli.cjs is missing: run `npm run build` first');
  const child = spawn(process.execPath, [cli, ...argv], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  let out = '';
  let err = '';
  const watchers = new Set<() => void>();
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.on('data', (data: Buffer) => {
    err += data.toString();
    for (const watch of watchers) watch();
  });
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, out, err })));
  return {
    pid: child.pid!,
    ended,
    saw: (text) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          if (err.includes(text)) resolve();
        };
        watchers.add(watch);
        watch();
        void ended.then(() => reject(new Error(`the CLI ended before it said "${text}":\n${err}`)));
      }),
  };
}

const audit = (...argv: string[]): Running =>
  start('audit', bank, '--no-cache', '--model', defaultModelPath()!, ...argv);

function onlyPrompt(json: string): { report: Report; prompt: Report['prompts'][number] } {
  const report = reportSchema.parse(JSON.parse(json));
  assert.equal(report.prompts.length, 1);
  return { report, prompt: report.prompts[0]! };
}

/** Children of a process: the engine. */
function childrenOf(pid: number): number[] {
  const listing = `/proc/${pid}/task/${pid}/children`;
  const text = existsSync(listing)
    ? readFileSync(listing, 'utf8')
    : execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  return text.split(/\s+/).filter(Boolean).map(Number);
}

/** A process that ended and waits to be collected does not run. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync('/proc') || !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test('the bank example tells its story', { ...needsModel(), timeout: slow }, async () => {
  const { code, out, err } = await audit(
    ...['--format', 'json', '--policy', 'streaming-llm,knorm', '--ratio', '0.25,0.4,0.5'],
  ).ended;
  assert.equal(code, 100, err);
  const { report, prompt } = onlyPrompt(out);
  const variant = (policy: string, ratio: number): VariantReport =>
    prompt.variants.find((each) => each.policy === policy && each.ratio === ratio)!;
  const clause = prompt.instructions.find(({ kind }) => kind === 'defense')!;
  const ada = prompt.instructions.find(({ text }) => text.startsWith('You are Ada'))!;
  const measured = (policy: string, ratio: number) =>
    variant(policy, ratio).instructions.find(({ id }) => id === clause.id)!;

  assert.equal(report.outcome, 'completed');
  assert.ok(measured('streaming-llm', 0.5).retention! <= 0.05);
  assert.equal(measured('streaming-llm', 0.5).verdict, 'evicted');
  assert.ok(measured('knorm', 0.25).retention! > 0.5);

  assert.ok(prompt.fullLeak!.directives < 0.3);
  const leaks = variant('streaming-llm', 0.4).responses.flatMap(({ leak }) => leak?.directives ?? []);
  assert.ok(Math.max(...leaks) >= 0.6);
  const finding = report.findings.find(({ rule }) => rule === 'prompt-leak')!;
  assert.equal(finding.severity, 'error');
  assert.deepEqual(finding.range, clause.range);

  const who = prompt.probes.find(({ kind }) => kind === 'identity')!.id;
  const influences = prompt.instructions.map(({ influences }) => influences[who] ?? 0);
  assert.equal(Math.max(...influences), ada.influences[who]);
});

test(
  'a better order of the bank example is found, and its leak is gone',
  { ...needsModel(), timeout: slow },
  async () => {
    const { code, out, err } = await start(
      ...[
        'reorder',
        bank,
        '--no-cache',
        '--model',
        defaultModelPath()!,
        '--policy',
        'streaming-llm',
        '--ratio',
        '0.4,0.5',
      ],
    ).ended;
    assert.equal(code, 0, err);
    const row = /^StreamingLLM at 40 % +lost \d+, leak ([\d.]+) +lost \d+, leak ([\d.]+)$/m.exec(out);
    assert.ok(row !== null, out);
    assert.ok(Number(row[1]) >= 0.6, 'the leak before');
    assert.ok(Number(row[2]) < 0.3, 'the leak after');
    assert.match(out, /^[-+](?:The rules below are confidential|You are Ada)/m);
  },
);

/** The measured work goes on for a while after this message, so that an interrupt meets it. */
const busy = 'Measuring the influence of each instruction';
/** The product's promise is one second; the rest is for a test machine that does other things as well. */
const stopLimitMs = 1000 + 1000;
/** The same for a dead engine. */
const deadEngineLimitMs = 2000 + 1000;

test(
  'Ctrl-C stops a running audit and prints what was measured, marked as partial',
  { ...needsModel(), timeout: slow },
  async (t) => {
    const running = audit();
    await running.saw(busy);
    const pressed = performance.now();
    process.kill(-running.pid, 'SIGINT'); // the whole group, as a terminal does
    const { code, out } = await running.ended;
    const took = performance.now() - pressed;
    t.diagnostic(`stopped after ${took.toFixed(0)} ms`);
    assert.equal(code, 1);
    assert.match(out, /^PARTIAL, cancelled/);
    assert.match(out, /not measured/);
    assert.ok(took < stopLimitMs, `took ${took.toFixed(0)} ms`);
  },
);

test(
  'a killed engine is a failed audit with its reason, and the next audit works',
  { ...needsModel(), timeout: slow },
  async (t) => {
    const running = audit('--format', 'json');
    await running.saw(busy);
    const [engine, ...others] = childrenOf(running.pid);
    assert.ok(engine !== undefined && others.length === 0, 'the CLI has one child');
    const killed = performance.now();
    process.kill(engine, 'SIGKILL');
    const { code, out, err } = await running.ended;
    const took = performance.now() - killed;
    t.diagnostic(`failed after ${took.toFixed(0)} ms`);
    assert.equal(code, 1);
    const { report, prompt } = onlyPrompt(out);
    assert.equal(report.outcome, 'failed');
    assert.match(report.reason ?? '', /SIGKILL/);
    assert.notEqual(prompt.status, 'measured');
    assert.match(err, /holdfast: The engine was killed by SIGKILL/);
    assert.ok(took < deadEngineLimitMs, `took ${took.toFixed(0)} ms`);

    const next = await audit('--format', 'json', '--evidence', 'retention', '--policy', 'knorm', '--ratio', '0.5')
      .ended;
    assert.equal(onlyPrompt(next.out).report.outcome, 'completed', next.err);
  },
);

test('a second Ctrl-C ends at once, and the engine goes with it', { ...needsModel(), timeout: slow }, async () => {
  const running = audit();
  await running.saw(busy);
  const engines = childrenOf(running.pid);
  assert.ok(engines.length === 1 && engines.every(isRunning));
  process.kill(running.pid, 'SIGINT');
  await running.saw('Press Ctrl-C again');
  process.kill(running.pid, 'SIGINT');
  const { code } = await running.ended;
  assert.ok(code === 130 || code === 1, `ended with ${code ?? 'a signal'}`); // 1: it had stopped before the second
  await new Promise((resolve) => setTimeout(resolve, stopLimitMs));
  assert.deepEqual(engines.filter(isRunning), []);
});
