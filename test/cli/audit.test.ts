import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { AuditOutcome } from '../../src/analyzer/outcome.ts';
import { report as reportSchema } from '../../src/analyzer/report.ts';
import { auditSettings, type AuditSettings } from '../../src/analyzer/settings.ts';
import { exitCodes } from '../../src/cli/exitCodes.ts';
import { HoldfastError } from '../../src/errors.ts';
import { bankReport, prompt, report } from '../support/reports.ts';
import { run } from './harness.ts';

const clean: AuditOutcome = { status: 'completed', report: report([prompt()]) };
const cancelled: AuditOutcome = {
  status: 'cancelled',
  report: { ...bankReport(), outcome: 'cancelled', reason: 'interrupted' },
};
const failed: AuditOutcome = {
  status: 'failed',
  report: { ...bankReport(), outcome: 'failed', reason: 'The engine exited.' },
  error: new HoldfastError('engine-exited', 'The engine was killed by SIGKILL.', 'Run the audit again.'),
};

test('the exit codes are the documented numbers', () => {
  assert.deepEqual(exitCodes, { nothingToReport: 0, findings: 100, notDone: 1 });
});

test('findings end in 100, an audit without findings in 0', async () => {
  assert.equal((await run(['audit', 'system.md'])).code, 100);
  const { code, out } = await run(['audit', 'system.md'], { outcome: clean });
  assert.equal(code, 0);
  assert.match(out, /No findings\./);
});

test('an audit finds, loads, audits and closes the engine, in this order', async () => {
  const { calls } = await run(['audit', 'system.md', '--device', 'cpu']);
  assert.deepEqual(calls, [
    'find system.md',
    'resolve default',
    'audit system.md',
    'load test-model on cpu',
    'engine closed',
  ]);
});

test('the result alone is on stdout', async () => {
  const { out, err } = await run(['audit', '--format', 'json']);
  assert.deepEqual(JSON.parse(out), bankReport());
  reportSchema.parse(JSON.parse(out));
  assert.match(err, /loading/);
});

test('every setting of an audit arrives through its flag', async () => {
  let seen: AuditSettings | undefined;
  const flags =
    '--model m.gguf --policy knorm,h2o --ratio 0.3,0.6 --decode h2o(budget=25%) --evidence retention --influence-floor 0.1 --ignored-loss 0.9 ' +
    '--weakened-loss 0.2 --leak-threshold 0.4 --max-response-tokens 32 --samples 8 --sample-budget 64 --temperature 0.5 --device cpu --memory-limit 4GB --seed 7 ' +
    '--protection whitelist,fair(lambda=0.5) --kv-cache mikv(snapkv,low=int4),kivi --bytes 25%,2MB';
  await run(['audit', ...flags.split(' '), '--probe', 'One?', '--probe', 'Two, and three?'], {
    during: ({ settings }) => {
      seen = settings;
    },
  });
  assert.deepEqual(seen, {
    model: 'm.gguf',
    policies: ['knorm', 'h2o'],
    ratios: [0.3, 0.6],
    protections: ['whitelist', 'fair(lambda=0.5)'],
    caches: ['mikv(snapkv,low=int4)', 'kivi'],
    bytes: ['25%', '2MB'],
    decode: 'h2o(budget=25%)',
    probes: ['One?', 'Two, and three?'],
    evidence: 'retention',
    influenceFloor: 0.1,
    ignoredLoss: 0.9,
    weakenedLoss: 0.2,
    leakThreshold: 0.4,
    maxResponseTokens: 32,
    device: 'cpu',
    memoryLimit: '4GB',
    precision: 'auto',
    samples: 8,
    sampleBudget: 64,
    temperature: 0.5,
    seed: 7,
  } satisfies AuditSettings);
  assert.deepEqual(Object.keys(seen).sort(), Object.keys(auditSettings.shape).sort());
});

for (const [flags, message] of [
  [['--ratio', '1.5'], /--ratio "1\.5": expected a list of: a number greater than 0 and less than 1\./],
  [['--ratio', '0.5,'], /--ratio "0\.5,": /],
  [['--seed', 'x'], /--seed "x": expected a whole number at least 0\./],
  [['--policy', 'snapkv,nope'], /--policy "snapkv,nope": There is no policy "nope"\. Known: streaming-llm, snapkv/],
  [['--evidence', 'proof'], /--evidence "proof": expected retention, loss, behavior\./],
  [['--format', 'sarif'], /Unknown format "sarif"\.\nKnown formats: text, json, html\./],
  [['--fail-on', 'promt-leak'], /no rule "promt-leak"\. Did you mean "prompt-leak"\?/],
  [['--polcy', 'snapkv'], /unknown option '--polcy'\n\(Did you mean --policy\?\)/],
  [['--profile', 'ollama'], /unknown option '--profile'\n"--profile" is planned and not available/],
  [['--baseline', 'b.json'], /"--baseline" is planned and not available/],
] as const) {
  test(`${flags.join(' ')} is an error before anything is measured`, async () => {
    const { code, out, err, calls } = await run(['audit', ...flags]);
    assert.equal(code, 1);
    assert.equal(out, '');
    assert.match(err, message);
    assert.deepEqual(calls, []);
  });
}

test('several wrong flags are named together', async () => {
  const { err } = await run(['audit', '--seed', '-1', '--ratio', '2', '--device', 'tpu']);
  for (const flag of ['--seed', '--ratio', '--device']) assert.ok(err.includes(`${flag} "`), flag);
});

test('a missing model says how to get it, and downloads nothing', async () => {
  const { code, err, calls } = await run(['audit'], { modelMissing: true });
  assert.equal(code, 1);
  assert.match(err, /holdfast models pull smollm2-135m-instruct.*--pull/);
  assert.deepEqual(calls, ['find ', 'resolve default']);
});

test('--pull downloads a missing model', async () => {
  const { code, calls } = await run(['audit', '--pull'], { modelMissing: true });
  assert.equal(code, 100);
  assert.ok(calls.includes('pull default'));
});

test('nothing that matches is an error, not a clean audit', async () => {
  const { code, err } = await run(['audit', 'none/**'], {
    findPrompts: () =>
      Promise.reject(new HoldfastError('no-prompts', 'No prompts were found in none.', 'Name a file.')),
  });
  assert.equal(code, 1);
  assert.equal(err, 'holdfast: No prompts were found in none.\nName a file.\n');
});

test('a cancelled audit prints what was measured, marked as partial, and ends in 1', async () => {
  const { code, out, err, calls } = await run(['audit'], {
    outcome: cancelled,
    during: ({ interrupt, signal }) => {
      interrupt.abort();
      assert.ok(signal.aborted, 'the audit does not see the interrupt');
    },
  });
  assert.equal(code, 1);
  assert.match(out, /^PARTIAL, cancelled: interrupted/);
  assert.match(out, /instruction-evicted/);
  assert.match(err, /Cancelled/);
  assert.equal(calls.at(-1), 'engine closed');
});

test('a cancel before the audit began says that nothing was measured', async () => {
  const { code, out, err } = await run(['audit'], {
    findPrompts: () => Promise.reject(AbortSignal.abort().reason as Error),
  });
  assert.deepEqual([code, out, err], [1, '', 'Cancelled: nothing was measured.\n']);
});

test('a failed audit prints what was measured, the reason and the next step, and ends in 1', async () => {
  const { code, out, err } = await run(['audit'], { outcome: failed });
  assert.equal(code, 1);
  assert.match(out, /^PARTIAL, failed: The engine exited/);
  assert.match(err, /holdfast: The engine was killed by SIGKILL\.\nRun the audit again\.\n$/);
  assert.doesNotMatch(err, /at .*\.ts/);
});

test('an unexpected error keeps its stack, ends in 1 and closes the engine', async () => {
  const { code, err, calls } = await run(['audit'], {
    during: () => {
      throw new TypeError('a bug');
    },
  });
  assert.equal(code, 1);
  assert.match(err, /unexpected error[^]*TypeError: a bug\n\s+at /);
  assert.equal(calls.at(-1), 'engine closed');
});

for (const [failOn, code] of [
  ['none', 0],
  ['prompt-leak', 100],
  ['instruction-ignored', 0],
  ['instruction-inert', 100],
  ['instruction-ignored, instruction-evicted', 100],
] as const) {
  test(`--fail-on ${failOn} ends in ${code} for a leak, an eviction and an inert line`, async () => {
    assert.equal((await run(['audit', '--fail-on', failOn])).code, code);
  });
}

test('findings of severity information do not fail by default, nor where a rule is named that only plays them down', async () => {
  const base = bankReport();
  const findings = base.findings.map((finding) => ({ ...finding, severity: 'information' as const }));
  const outcome: AuditOutcome = { status: 'completed', report: { ...base, findings } };
  assert.equal((await run(['audit'], { outcome })).code, 0);
  assert.equal((await run(['audit', '--fail-on', 'prompt-leak'], { outcome })).code, 0);
  assert.equal((await run(['audit', '--fail-on', 'instruction-inert'], { outcome })).code, 100);
});

test('--output replaces the file as a whole and leaves stdout empty', async () => {
  const { cwd } = await run(['policies']);
  writeFileSync(path.join(cwd, 'result.json'), 'old content, longer than nothing');
  const { code, out } = await run(['audit', '--format', 'json', '--output', 'result.json'], {
    cwd,
    during: () => assert.match(readFileSync(path.join(cwd, 'result.json'), 'utf8'), /^old content/),
  });
  assert.equal(code, 100);
  assert.equal(out, '');
  assert.deepEqual(JSON.parse(readFileSync(path.join(cwd, 'result.json'), 'utf8')), bankReport());
  assert.deepEqual(readdirSync(cwd), ['result.json']);
});

test('--report writes an HTML report beside the result on stdout', async () => {
  const { cwd, out } = await run(['audit', '--report', 'report.html']);
  assert.match(out, /^Model: /);
  assert.match(readFileSync(path.join(cwd, 'report.html'), 'utf8'), /^<!doctype html>/);
});

for (const [flag, file] of [
  ['--output', 'no/such/folder/result.txt'],
  ['--report', 'folder'],
] as const) {
  test(`${flag} to a place that cannot be written is known before the audit`, async () => {
    const { cwd } = await run(['policies']);
    mkdirSync(path.join(cwd, 'folder'));
    const { code, err, calls } = await run(['audit', flag, file], { cwd });
    assert.equal(code, 1);
    assert.match(err, new RegExp(`${file} cannot be written`));
    assert.deepEqual(calls, []);
    assert.deepEqual(readdirSync(cwd), ['folder']);
  });
}

test('--output and --report to one file is an error', async () => {
  const { code, err, cwd } = await run(['audit', '--output', 'a.html', '--report', './a.html']);
  assert.equal(code, 1);
  assert.match(err, /name the same file/);
  assert.deepEqual(readdirSync(cwd), []);
});

test('a failure leaves the old output and no temporary file', async () => {
  const { cwd } = await run(['policies']);
  writeFileSync(path.join(cwd, 'result.txt'), 'old');
  const { code } = await run(['audit', '--output', 'result.txt'], { cwd, modelMissing: true });
  assert.equal(code, 1);
  assert.equal(readFileSync(path.join(cwd, 'result.txt'), 'utf8'), 'old');
  assert.deepEqual(readdirSync(cwd), ['result.txt']);
});

test('a full disk is an error with a next step', { skip: !existsSync('/dev/full') && 'needs /dev/full' }, async () => {
  const { code, err } = await run(['audit', '--output', '/dev/full']);
  assert.equal(code, 1);
  assert.match(err, /\/dev\/full cannot be written: the disk is full\./);
});

test('a result that stdout does not take ends in 1', async () => {
  const { code, err } = await run(['audit'], {
    outWrite: () => Promise.reject(new HoldfastError('disk-space', 'The result could not be written to stdout.')),
  });
  assert.equal(code, 1);
  assert.match(err, /could not be written to stdout/);
});

test('colours are for terminals, and NO_COLOR switches them off', async () => {
  const colored = async (tty: boolean, env: NodeJS.ProcessEnv): Promise<boolean> =>
    (await run(['audit'], { tty, env })).out.includes('\u001b[');
  assert.equal(await colored(true, {}), true);
  assert.equal(await colored(false, {}), false);
  assert.equal(await colored(true, { NO_COLOR: '1' }), false);
  assert.equal(await colored(true, { TERM: 'dumb' }), false);
});

test('progress is one redrawn line on a terminal and is gone before the result', async () => {
  const { err } = await run(['audit'], { tty: true });
  assert.match(err.replaceAll('\u001b', ''), /\r\[##-+\] {2}10 % {2}\d+ s {2}loading\[K/);
  assert.ok(err.endsWith('\r\u001b[K'));
});

test('progress in a log is sparse lines without control characters', async () => {
  const { err } = await run(['audit']);
  assert.equal(err, ' 10 %  loading  (0 s)\n 90 %  loss of clause  (0 s)\n');
});

test('what the model says about its device stands on stderr, so that it is seen beside JSON on stdout', async () => {
  const warning = 'The device "cuda" was not used: no library.';
  const { err, out } = await run(['audit', 'system.md', '--device', 'cuda', '--format', 'json'], {
    warnings: [warning],
  });
  assert.ok(err.includes(`${warning}\n`), err);
  assert.ok(!out.includes(warning));
});

test('a memory limit that is not understood is refused with the forms that are', async () => {
  const { code, err, calls } = await run(['audit', 'system.md', '--memory-limit', '4TB']);
  assert.equal(code, 1);
  assert.match(err, /--memory-limit "4TB": expected text such as 60%, 4GB, 800MB/);
  assert.deepEqual(calls, []);
});
