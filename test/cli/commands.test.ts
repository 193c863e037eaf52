import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { policyIds } from '../../src/cache/policies/index.ts';
import { HoldfastError } from '../../src/errors.ts';
import { catalog, type ListedModel } from '../../src/runtime/models/index.ts';
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

const memory = { bytes: 600e6, usable: 8e9, fits: true };
const listed: readonly ListedModel[] = [
  {
    id: 'smollm2-135m-instruct',
    title: 'SmolLM2',
    status: 'missing',
    architecture: 'llama',
    parameters: 134_515_008,
    quantisation: 'Q4_1',
    licence: 'Apache-2.0',
    bytes: 98_362_432,
    memory,
    catalog: catalog[0]!,
  },
  {
    id: 'ollama:big:latest',
    title: 'Big',
    status: 'ready',
    keeper: 'ollama',
    path: '/o/blob',
    bytes: 40e9,
    memory: { ...memory, bytes: 50e9, fits: false },
  },
  {
    id: '/m/x.gguf',
    title: '/m/x.gguf',
    status: 'unreadable',
    reason: 'is not a GGUF file',
    keeper: 'user',
    path: '/m/x.gguf',
  },
];

test('models list says what each model is, whether it fits, and where it is or how to get it', async () => {
  assert.equal(
    (await run(['models', 'list'], { listed })).out,
    [
      'smollm2-135m-instruct  SmolLM2',
      '  llama, 135 M parameters, Q4_1, 98 MB, Apache-2.0, needs about 0.6 GB of memory',
      '  not here: holdfast models pull smollm2-135m-instruct',
      'ollama:big:latest  Big',
      '  40.0 GB, licence unknown, does not fit here: needs about 50.0 GB of memory of 8.0 GB',
      '  Ollama: /o/blob',
      '/m/x.gguf',
      '  cannot be read: is not a GGUF file',
      '  your folders: /m/x.gguf',
      '',
    ].join('\n'),
  );
});

test('models list --format json carries the same, and --folder is looked into', async () => {
  const { out, calls } = await run(['models', 'list', '--format', 'json', '--folder', 'a', '--folder', 'b'], {
    listed,
  });
  assert.deepEqual(calls, ['list a b']);
  const { models } = JSON.parse(out) as { models: Record<string, unknown>[] };
  assert.deepEqual(
    models.map(({ id, status, memory: need }) => [id, status, (need as { fits?: boolean } | undefined)?.fits]),
    [
      ['smollm2-135m-instruct', 'missing', true],
      ['ollama:big:latest', 'ready', false],
      ['/m/x.gguf', 'unreadable', undefined],
    ],
  );
  assert.deepEqual(models[0]?.catalog, { licenceNote: null, tried: true });
  assert.equal((await run(['models', 'list', '--format', 'html'])).code, 1);
});

test('models verify --all ends in 1 when a model is damaged', async () => {
  const fine = { id: 'a', path: '/a', comparedWith: 'record' } as const;
  const damaged = { id: '/b', path: '/b', comparedWith: 'catalog', problem: 'sha256 1 instead of 2' } as const;
  assert.equal((await run(['models', 'verify', '--all'], { verified: [fine] })).code, 0);
  const { code, out } = await run(['models', 'verify', '--all'], { verified: [fine, damaged] });
  assert.equal(code, 1);
  assert.match(out, /^ok {6}as recorded when it was fetched\n {8}a {2}\/a\nDAMAGED sha256 1 instead of 2\n {8}\/b\n$/);
});

test('models remove asks before it deletes, and says how much was freed', async () => {
  const agreed = await run(['models', 'remove', 'tiny'], { confirms: true });
  assert.deepEqual(agreed.calls, ['Delete 98 MB?', 'remove tiny']);
  assert.match(agreed.out, /^Deleted 98362432 bytes \(98 MB\):\n {2}\/models\/test\.gguf\n$/);

  const declined = await run(['models', 'remove', 'tiny'], { confirms: false });
  assert.deepEqual([declined.code, declined.calls], [1, ['Delete 98 MB?']]);
  assert.match(declined.err, /\/models\/test\.gguf[^]*Nothing was deleted/);

  const nobody = await run(['models', 'remove', 'tiny']);
  assert.deepEqual([nobody.code, nobody.calls], [1, []]);
  assert.match(nobody.err, /Add --yes/);
  assert.deepEqual((await run(['models', 'remove', 'tiny', '--yes'])).calls, ['remove tiny']);
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
    { id: string; isDefault?: boolean; needs?: string; reason?: string; parameters?: object }[]
  >;
  assert.deepEqual(
    policies!.filter(({ isDefault }) => isDefault).map(({ id }) => id),
    policyIds,
  );
  assert.equal(policies!.find(({ id }) => id === 'expected-attention')?.needs, 'queries, rotary embedding');
  assert.ok(wrappers!.some(({ id }) => id === 'adakv'));
  assert.deepEqual(
    whileGenerating!.map(({ id, parameters }) => [id, ...Object.entries(parameters!).slice(0, 2)]),
    [
      ['window', ['sinks', '4'], ['budget', null]],
      ['h2o', ['budget', null]],
      ['tova', ['budget', null]],
      ['decoding', ['interval', '512'], ['target', '2048']],
      ['cam', ['interval', '512'], ['target', '2048']],
    ],
  );
  assert.ok(notSimulated!.every(({ reason }) => reason !== ''));
  assert.equal((await run(['policies', '--format', 'html'])).code, 1);
});

test('no flag takes a value under a name that another one switches off', () => {
  // docs/cli.md is generated from the commands, and the check fails when it drifts.
  const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
  for (const command of page.split(/^## /mu)) {
    for (const [, name] of command.matchAll(/--no-([a-z-]+)/gu))
      assert.doesNotMatch(
        command,
        new RegExp(`--${name!}(?![a-z-])`, 'u'),
        `--no-${name} in ${command.split('\n')[0]}`,
      );
  }
});
