import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Config, withoutTrust } from '../../../src/analyzer/config/config.ts';
import { findConfig } from '../../../src/analyzer/config/findConfig.ts';
import { parseConfig } from '../../../src/analyzer/config/parseConfig.ts';
import { HoldfastError } from '../../../src/errors.ts';

async function problems(file: string, text: string): Promise<string[]> {
  try {
    await parseConfig(file, text);
  } catch (error) {
    assert.ok(error instanceof HoldfastError && error.code === 'invalid-settings');
    return error.message.split('\n');
  }
  return [];
}

describe('a configuration file', () => {
  test('gives settings by their names, thresholds in a group, in JSON with comments and in YAML', async () => {
    const json = '{\n  // fast\n  "policies": ["snapkv"], "ratios": [0.5], "thresholds": {"leak": 0.3},\n}';
    const yaml = 'policies: [snapkv]\nratios: [0.5]\nthresholds:\n  leak: 0.3\n';
    for (const [file, text] of [
      ['holdfast.config.json', json],
      ['holdfast.config.yaml', yaml],
    ] as const) {
      const { settings } = await parseConfig(file, text);
      assert.deepEqual(settings, { policies: ['snapkv'], ratios: [0.5], leakThreshold: 0.3 });
    }
  });

  test('says nothing where it is silent: defaults are those of the settings below it', async () => {
    for (const text of ['', '# nothing\n', 'exclude: []\n'])
      assert.deepEqual((await parseConfig('holdfast.config.yaml', text)).settings, {});
  });

  test('names an unknown key with its place and the key that was meant', async () => {
    assert.deepEqual(await problems('holdfast.config.yaml', 'ratios: [0.5]\npolcies: [snapkv]\n'), [
      'holdfast.config.yaml:2:1: unknown key "polcies". Did you mean "policies"?',
    ]);
    assert.deepEqual(
      await problems('c.json', '{"thresholds": {"leek": 1}, "overrides": [{"files": ["a"], "modle": "x"}]}'),
      ['c.json:1:17: unknown key "leek". Did you mean "leak"?', 'c.json:1:60: unknown key "modle"'],
    );
  });

  test('names a wrong value with its place and what is allowed', async () => {
    const [first, second] = await problems('holdfast.config.yaml', 'policies: [snapkv, nope]\nratios: 2\n');
    assert.match(first!, /^holdfast\.config\.yaml:1:20: policies\.1: There is no policy "nope"\. Known: .*snapkv/);
    assert.match(second!, /^holdfast\.config\.yaml:2:9: ratios: .*array/);
  });

  test('that cannot be parsed is an error with its place', async () => {
    assert.match((await problems('c.json', '{"a": }'))[0]!, /^c\.json:1:7: value expected$/);
    assert.match((await problems('holdfast.config.yaml', 'a: [b\nc: d\n'))[0]!, /^holdfast\.config\.yaml:\d+:\d+: /);
  });

  test('refuses a model for some files only: a run has one', async () => {
    const [line] = await problems('holdfast.config.yaml', 'overrides:\n  - files: ["a"]\n    model: x\n');
    assert.match(line!, /:3:5: unknown key "model"/);
  });
});

describe('overrides', () => {
  test('hold for files that match, the later over the earlier', async () => {
    const config = new Config(
      await parseConfig(
        'c.yaml',
        'seed: 1\nratios: [0.5]\noverrides:\n  - files: ["bots/**"]\n    seed: 2\n  - files: ["**/ada.md"]\n    seed: 3\n    templates: {branch: last}\n',
      ),
    );
    assert.deepEqual(config.settingsFor('AGENTS.md'), { seed: 1, ratios: [0.5] });
    assert.deepEqual(config.settingsFor('bots/bob.md'), { seed: 2, ratios: [0.5] });
    assert.deepEqual(config.settingsFor('bots/ada.md'), { seed: 3, ratios: [0.5] });
    assert.equal(config.readingOf('bots/ada.md').options.branch, 'last');
    assert.equal(config.readingOf('bots/bob.md').options.branch, 'first');
  });
});

test('exclusion wins over inclusion', async () => {
  const config = new Config(await parseConfig('c.yaml', 'include: ["docs/**"]\nexclude: ["**/old/**"]\n'));
  assert.equal(config.wishFor('docs/a.md'), 'included');
  assert.equal(config.wishFor('docs/old/a.md'), 'excluded');
  assert.equal(config.wishFor('src/a.md'), undefined);
});

test('a host is a stand-in of about the tokens that are asked for, or a file around its marker', async () => {
  const standIn = new Config(await parseConfig('c.yaml', 'host: {tokensBefore: 100, tokensAfter: 5}\n')).readingOf(
    'a',
  ).host;
  assert.equal(standIn?.before.match(/[\w]+|\./g)?.length, 100);
  assert.equal(standIn.after.match(/[\w]+|\./g)?.length, 5);
  const content = await parseConfig('c.yaml', 'host: {file: host.md}\n');
  const real = new Config(content, new Map([['host.md', 'Before.\n{{prompt}}\nAfter.']])).readingOf('a').host;
  assert.deepEqual(real, { before: 'Before.', after: 'After.', title: 'host.md' });
});

test('without trust, model, device, memory and host files of a workspace are left out and named', async () => {
  const content = await parseConfig(
    'c.yaml',
    'model: /tmp/x.gguf\ndevice: cpu\nseed: 4\nhost: {file: /etc/passwd, tokensAfter: 2}\n',
  );
  const { content: rest, ignored } = withoutTrust(content);
  assert.deepEqual(rest.settings, { seed: 4 });
  assert.equal(rest.host?.file, undefined);
  assert.deepEqual(ignored, ['model', 'device', 'host.file']);
});

describe('the configuration of a folder', () => {
  let root = '';
  before(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'holdfast-config-'));
    await mkdir(path.join(root, 'a/b'), { recursive: true });
    await writeFile(path.join(root, 'holdfast.config.yaml'), 'seed: 1\nhost: {file: host.md}\n');
    await writeFile(path.join(root, 'host.md'), 'Host.');
  });
  after(() => rm(root, { recursive: true, force: true }));

  test('is the nearest upwards, with the files that it names', async () => {
    const { config, folder } = await findConfig(path.join(root, 'a/b'));
    assert.equal(folder, root);
    assert.deepEqual(config.settingsFor('x'), { seed: 1 });
    assert.equal(config.readingOf('x').host?.before, 'Host.');
  });

  test('is one: two in a folder are an error', async () => {
    await writeFile(path.join(root, 'a/holdfast.config.json'), '{}');
    await writeFile(path.join(root, 'a/holdfast.config.yml'), '');
    await assert.rejects(findConfig(path.join(root, 'a/b')), {
      code: 'invalid-settings',
      message: /holds holdfast\.config\.json and/,
    });
  });
});
