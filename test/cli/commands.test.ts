import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { policyIds } from '../../src/cache/policies/index.ts';
import { HoldfastError } from '../../src/errors.ts';
import { run } from './harness.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

test('--version and --help are results', async () => {
  const shown = await run(['--version']);
  assert.deepEqual([shown.code, shown.out, shown.err], [0, `${version}\n`, '']);
  const help = await run(['--help']);
  assert.equal(help.code, 0);
  assert.match(help.out, /Exit codes: 0 nothing to report, 100 findings, 1 not done/);
});

test('no command, an unknown command and a surplus argument are errors on stderr', async () => {
  for (const argv of [[], ['adit'], ['policies', 'surplus'], ['models', 'push'], ['reorder']]) {
    const { code, out, err } = await run(argv);
    assert.equal(code, 1, argv.join(' '));
    assert.equal(out, '');
    assert.notEqual(err, '');
  }
  assert.match((await run(['adit'])).err, /Did you mean audit\?/);
  assert.match((await run(['protect', 'x.md'])).err, /"protect" is planned and not available/);
});

test('policies lists every policy with its product name and paper', async () => {
  const { code, out } = await run(['policies']);
  assert.equal(code, 0);
  for (const id of policyIds) assert.match(out, new RegExp(`^${id} {2}\\(`, 'm'));
  assert.match(out, /streaming-llm {2}\(StreamingLLM; sinks 4\)[^]*arxiv\.org/);
});

test('prompts shows instructions as file:line:column, without a model', async () => {
  const { code, out, calls } = await run(['prompts', 'system.md']);
  assert.equal(code, 0);
  assert.match(out, /^ {2}system\.md:1:1 {2}identity: You are Ada\.$/m);
  assert.match(out, /^ {2}system\.md:3:3 {2}\w+: Quote every amount in euros\.$/m);
  assert.deepEqual(calls, ['find system.md']);
});

test('prompts --format json carries ranges and ids', async () => {
  const { out } = await run(['prompts', '--format', 'json']);
  const { prompts } = JSON.parse(out) as { prompts: { uri: string; instructions: Record<string, unknown>[] }[] };
  assert.equal(prompts[0]?.uri, 'system.md');
  assert.deepEqual(prompts[0].instructions[1]?.range, {
    start: { line: 2, character: 2 },
    end: { line: 2, character: 30 },
    offsets: [16, 44],
  });
  assert.equal((await run(['prompts', '--format', 'html'])).code, 1);
});

test('models path prints the path alone, or how to get the model', async () => {
  assert.equal((await run(['models', 'path'])).out, '/models/test.gguf\n');
  const { code, out, err } = await run(['models', 'path'], { modelMissing: true });
  assert.deepEqual([code, out], [1, '']);
  assert.match(err, /holdfast models pull smollm2-135m-instruct/);
});

test('models list says where each model is or how to get it', async () => {
  assert.match((await run(['models', 'list'])).out, /smollm2-135m-instruct .*\n {2}\/models\/test\.gguf/);
  assert.match((await run(['models', 'list'], { modelMissing: true })).out, /not here \(holdfast models pull/);
});

test('models pull and verify print what they reached', async () => {
  const pulled = await run(['models', 'pull', 'smollm2-135m-instruct']);
  assert.deepEqual([pulled.out, pulled.calls], ['/models/test.gguf\n', ['pull smollm2-135m-instruct']]);
  assert.match((await run(['models', 'verify'])).out, /^(cd){32} {2}\/models\/test\.gguf/);
});

test('doctor ends in 0 with warnings only, in 1 when a check fails or throws, and says what to do', async () => {
  const ok = { title: 'A', run: () => Promise.resolve({ status: 'ok', found: 'fine' } as const) };
  const warn = {
    title: 'B',
    run: () => Promise.resolve({ status: 'warn', found: 'low', todo: 'Close programs.' } as const),
  };
  const thrown = { title: 'C', run: () => Promise.reject(new HoldfastError('file-unreadable', 'no access')) };
  const fine = await run(['doctor'], { doctorChecks: [ok, warn] });
  assert.equal(fine.code, 0);
  assert.equal(fine.out, 'ok     A: fine\nwarn   B: low\n       Close programs.\n');
  const bad = await run(['doctor'], { doctorChecks: [thrown, ok] });
  assert.equal(bad.code, 1);
  assert.equal(bad.out, 'fail   C: no access\nok     A: fine\n');
});

test('policies --format json carries every policy, wrapper and what is not simulated', async () => {
  const { code, out } = await run(['policies', '--format', 'json']);
  assert.equal(code, 0);
  const { policies, wrappers, whileGenerating, notSimulated } = JSON.parse(out) as Record<
    string,
    { id: string; isDefault?: boolean; needs?: string; reason?: string }[]
  >;
  assert.deepEqual(
    policies!.filter(({ isDefault }) => isDefault).map(({ id }) => id),
    policyIds,
  );
  assert.equal(policies!.find(({ id }) => id === 'expected-attention')?.needs, 'queries, rotary embedding');
  assert.ok(wrappers!.some(({ id }) => id === 'adakv'));
  assert.deepEqual(
    whileGenerating!.map(({ id }) => id),
    ['h2o', 'tova', 'window'],
  );
  assert.ok(notSimulated!.every(({ reason }) => reason !== ''));
  assert.equal((await run(['policies', '--format', 'html'])).code, 1);
});
