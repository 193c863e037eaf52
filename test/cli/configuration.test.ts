import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { segmentPrompt } from '../../src/analyzer/segmentPrompt.ts';
import type { AuditSettings } from '../../src/analyzer/settings.ts';
import { findPrompts } from '../../src/analyzer/sources/findPrompts.ts';
import { run } from './harness.ts';

function workspace(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(path.join(os.tmpdir(), 'holdfast-config-'));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
  return root;
}

async function settingsOf(argv: readonly string[], cwd: string): Promise<AuditSettings[]> {
  const seen: AuditSettings[] = [];
  const { code, err } = await run(['audit', ...argv], {
    cwd,
    findPrompts,
    during: ({ settings }) => void seen.push(settings),
  });
  assert.notEqual(code, 1, err);
  return seen;
}

test('an audit takes its settings from the configuration upwards, and flags win', async () => {
  const cwd = workspace({ 'holdfast.config.yaml': 'ratios: [0.3]\nseed: 5\n', 'bots/AGENTS.md': 'Be brief.' });
  const [settings] = await settingsOf(['--seed', '7'], path.join(cwd, 'bots'));
  assert.deepEqual(settings?.ratios, [0.3]);
  assert.equal(settings.seed, 7);
});

test('files with other settings are audited as a group of their own', async () => {
  const cwd = workspace({
    'holdfast.config.json': '{"seed": 1, "overrides": [{"files": ["bots/**"], "seed": 2}]}',
    'AGENTS.md': 'Be brief.',
    'bots/AGENTS.md': 'Use tabs.',
  });
  assert.deepEqual(
    (await settingsOf([], cwd)).map(({ seed }) => seed),
    [1, 2],
  );
});

test('a wrong configuration stops the command with the place and the key that was meant', async () => {
  const cwd = workspace({ 'holdfast.config.yaml': 'ratois: [0.3]\n', 'AGENTS.md': 'Be brief.' });
  const { code, err } = await run(['prompts'], { cwd, findPrompts });
  assert.equal(code, 1);
  assert.match(err, /holdfast\.config\.yaml:1:1: unknown key "ratois"\. Did you mean "ratios"\?/);
});

test('prompts lists what the configuration includes and leaves out what it excludes', async () => {
  const cwd = workspace({
    'holdfast.config.yaml': 'include: ["notes/*.txt", ".github/prompts/**"]\nexclude: ["old/**"]\n',
    'notes/bot.txt': 'You are Bob.',
    '.github/prompts/fix.prompt.md': 'Fix it.',
    'old/AGENTS.md': 'Be long.',
    'AGENTS.md': 'Be brief.',
  });
  const { out } = await run(['prompts'], { cwd, findPrompts });
  assert.match(out, /^AGENTS\.md {2}\(agents-md/m);
  assert.match(out, /^notes\/bot\.txt {2}\(named-file/m);
  assert.match(out, /^\.github\/prompts\/fix\.prompt\.md {2}\(copilot-prompt, user/m);
  assert.ok(!out.includes('old/'));
});

test('prompts shows the host, variables, notes and what tools cut off, without a model', async () => {
  const cwd = workspace({
    'holdfast.config.yaml': 'host: {tokensBefore: 50}\ntemplates: {values: {name: Grace}}\n',
    '.windsurfrules': 'Be brief. '.repeat(1300),
    'CLAUDE.md': 'Be kind. @none.md',
    'bot.prompty': 'Greet {{name}} always.',
  });
  const { out } = await run(['prompts'], { cwd, findPrompts });
  assert.match(out, /within a stand-in of about 50 tokens before/);
  assert.match(out, /Note: @none\.md is not followed: there is no such file\./);
  assert.match(
    out,
    /\.windsurfrules:1:12001 {2}prompt-truncated: Windsurf cuts this file off here: it reads 12,000 characters/,
  );
  assert.match(out, /Greet Grace always\./);
  const { out: json } = await run(['prompts', 'bot.prompty', '--format', 'json'], { cwd, findPrompts });
  const { prompts } = JSON.parse(json) as { prompts: { holes: { name: string; range: { offsets: number[] } }[] }[] };
  assert.deepEqual(
    prompts[0]?.holes.map(({ name, range }) => [name, range.offsets]),
    [['name', [6, 14]]],
  );
});

test('what may be a prompt is listed as likely and audited only when its file is named', async () => {
  const cwd = workspace({
    'a.ts': `const SUPPORT_PROMPT = '${'You are Ada. '.repeat(20)}';`,
    'AGENTS.md': 'Be brief.',
  });
  assert.match((await run(['prompts'], { cwd, findPrompts })).out, /^a\.ts {2}\(javascript, likely/m);
  assert.deepEqual(
    (await run(['audit'], { cwd, findPrompts })).calls.filter((call) => call.startsWith('audit')),
    ['audit AGENTS.md'],
  );
  assert.ok((await run(['audit', 'a.ts'], { cwd, findPrompts })).calls.includes('audit a.ts'));
});

test('prompts and audit read the same prompts by the same configuration', async () => {
  const cwd = workspace({
    'holdfast.config.yaml': [
      'include: ["notes/*.txt"]',
      'exclude: ["old/**"]',
      'host: {file: host.md}',
      'templates: {values: {name: Grace}, branch: last}',
      'overrides:',
      '  - {files: ["bots/**"], host: {tokensBefore: 9}, templates: {standInTokens: 2}, ratios: [0.25]}',
    ].join('\n'),
    'host.md': 'You are a tool.\n{{prompt}}\nAnswer.',
    'notes/bot.txt': 'You are Bob.',
    'old/AGENTS.md': 'Be long.',
    'AGENTS.md': 'Be brief.',
    'bots/AGENTS.md': 'Use tabs.',
    'bots/bot.prompty': 'Greet {{name}} and {{other}} always. {% if vip %}Offer tea.{% else %}Offer water.{% endif %}',
    'bots/agent.py': 'Agent(system_prompt=open("rules.md").read())',
    'bots/rules.md': 'Never lie.',
    'bots/old.py': 'Agent(system_prompt=open("../old/AGENTS.md").read())',
  });
  const audited: unknown[] = [];
  const ratios = new Map<string, readonly number[]>();
  const { code, err } = await run(['audit'], {
    cwd,
    findPrompts,
    during: ({ inputs, settings }) => {
      for (const { prompt } of inputs) {
        const said = segmentPrompt(prompt).instructions.map(({ text }) => text);
        audited.push([prompt.uri, prompt.source, prompt.host?.title ?? null, said]);
        ratios.set(prompt.uri, settings.ratios);
      }
    },
  });
  assert.notEqual(code, 1, err);
  const { out } = await run(['prompts', '--format', 'json'], { cwd, findPrompts });
  const listed = (
    JSON.parse(out) as {
      prompts: { uri: string; source: string; host: string | null; instructions: { text: string }[] }[];
    }
  ).prompts.map(({ uri, source, host, instructions }) => [uri, source, host, instructions.map(({ text }) => text)]);
  const byUri = (all: readonly unknown[]): unknown[] => all.toSorted((a, b) => (String(a) < String(b) ? -1 : 1));
  assert.deepEqual(byUri(audited), byUri(listed));
  assert.deepEqual(byUri(listed), [
    ['AGENTS.md', 'agents-md', 'host.md', ['Be brief.']],
    ['bots/AGENTS.md', 'agents-md', 'a stand-in of about 9 tokens before and 0 after', ['Use tabs.']],
    ['bots/bot.prompty', 'prompty', null, ['Greet Grace and some given always.', 'Offer water.']],
    ['bots/rules.md', 'python', null, ['Never lie.']],
    ['notes/bot.txt', 'named-file', null, ['You are Bob.']],
  ]);
  assert.deepEqual([ratios.get('AGENTS.md'), ratios.get('bots/rules.md')], [[0.25, 0.4, 0.5, 0.75], [0.25]]);
});

test('a prompt that is found by its name and by code that reads it is audited once', async () => {
  const cwd = workspace({
    'prompts/system.md': 'You are Ada.',
    'src/a.ts': "f({ systemPrompt: readFileSync('prompts/system.md', 'utf8') });",
    'src/b.ts': "f({ systemPrompt: readFileSync('../prompts/system.md', 'utf8') });",
  });
  const { calls } = await run(['audit'], { cwd, findPrompts });
  assert.deepEqual(
    calls.filter((call) => call.startsWith('audit')),
    ['audit prompts/system.md'],
  );
});
