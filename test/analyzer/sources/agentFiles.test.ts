import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segmentPrompt } from '../../../src/analyzer/segmentPrompt.ts';
import { truncationsOf } from '../../../src/analyzer/truncation.ts';
import { extracted, promptsOf, sourceOf, texts } from './support.ts';

test('imports are expanded in place, through other imports, and map to the mark that asks for them', async () => {
  const file = 'Be brief.\n@docs/a.md\nNever lie.\n';
  const files = { 'docs/a.md': '---\nx: y\n---\nUse tabs. @b.md\n', 'docs/b.md': 'Write tests.\n' };
  const [prompt] = await promptsOf('CLAUDE.md', file, files);
  assert.equal(prompt?.text, 'Be brief.\nUse tabs. Write tests.\nNever lie.');
  assert.equal(sourceOf(file, prompt, 'Use tabs.'), '@docs/a.md');
});

test('instructions of an import belong to the imported file and are not reported twice', async () => {
  const [prompt] = await promptsOf('CLAUDE.md', 'Be brief.\n\n@a.md\n\nNever lie.\n', { 'a.md': 'Use tabs.' });
  assert.deepEqual(
    segmentPrompt(prompt!).instructions.map(({ text }) => text),
    ['Be brief.', 'Never lie.'],
  );
});

test('imports in code are text, and so are words with an @ that name no file', async () => {
  const file = 'Mail me@x.org or ask @team.\n`@a.md`\n```\n@a.md\n```\n';
  assert.deepEqual(await texts('GEMINI.md', file, { 'a.md': 'Imported.' }), [file.trim()]);
});

test('a cycle, a missing file, one outside and one that is too deep are not followed, and notes say so', async () => {
  const chain = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`f${i}.md`, `L${i} @f${i + 1}.md`]));
  const file = '@CLAUDE.md @none.md @../out.md @f0.md\n';
  const [prompt] = await promptsOf('CLAUDE.md', file, { ...chain, 'CLAUDE.md': file });
  assert.equal(prompt?.text, '@CLAUDE.md @none.md @../out.md L0 L1 L2 L3 L4 @f5.md');
  const notes = prompt.notes ?? [];
  for (const expected of [/leads back to CLAUDE\.md/, /no such file/, /outside/, /deeper than 5/])
    assert.ok(
      notes.some((note) => expected.test(note)),
      `${String(expected)} in ${notes.join(' ')}`,
    );
});

test('a full stop after an import is not part of its path', async () => {
  assert.deepEqual(await texts('CLAUDE.md', 'See @a.md.\n', { 'a.md': 'rules' }), ['See rules.']);
});

test('what Codex reads of AGENTS.md is what the files above leave of 32 KiB', async () => {
  const file = `# Rules\n\n${'Be brief.\n'.repeat(100)}`;
  const above = { 'AGENTS.md': 'x'.repeat(32_768 - 108), 'a/b/AGENTS.md': 'ä'.repeat(50) };
  const [prompt] = await promptsOf('a/b/c/AGENTS.md', file, above);
  const [cut] = truncationsOf(prompt!, file);
  assert.equal(cut?.before, 32_768 - 108 + 100);
  assert.equal(cut.range.offsets[0], 8);
  assert.equal((await promptsOf('AGENTS.md', file, above)).flatMap((each) => truncationsOf(each, file)).length, 0);
});

test('a character of several bytes that does not fit is cut whole', async () => {
  const file = `${'ä'.repeat(16_383)}xäb`;
  const [prompt] = await promptsOf('AGENTS.md', file);
  assert.equal(truncationsOf(prompt!, file)[0]?.range.offsets[0], 16_384);
});

test('Windsurf counts characters, 12,000 for a rule and 6,000 for the global ones', async () => {
  for (const [path, most] of [
    ['.windsurfrules', 12_000],
    ['.windsurf/rules/a.md', 12_000],
    ['global_rules.md', 6_000],
  ] as const) {
    const file = 'ä'.repeat(most);
    const cuts = async (text: string) => (await promptsOf(path, text)).flatMap((prompt) => truncationsOf(prompt, text));
    assert.deepEqual(await cuts(file), []);
    assert.deepEqual(
      (await cuts(`${file}b`)).map(({ size, range }) => [size, range.offsets]),
      [[most + 1, [most, most + 1]]],
    );
  }
});

test('commands and prompt files are turns of the user, with variables filled in', async () => {
  const [prompt] = await promptsOf('.claude/commands/fix.md', '---\ndescription: x\n---\nFix $ARGUMENTS now.\n');
  assert.equal(prompt?.role, 'user');
  assert.equal(prompt.text, 'Fix some given text here now.');
});

test('a file without a body says why it holds no prompt', async () => {
  assert.equal(
    (await extracted('.cursor/rules/a.mdc', '---\nglobs: *.ts\n---\n')).reason,
    'it holds front matter only',
  );
});

test('a limit that only blank lines exceed cuts nothing off', async () => {
  const file = `${'a'.repeat(12_000)}\n\n`;
  const [prompt] = await promptsOf('.windsurfrules', file);
  assert.deepEqual(truncationsOf(prompt!, file), []);
});

test('a note says where a file does not always apply', async () => {
  const noteOf = async (path: string, ...matter: string[]): Promise<string | undefined> => {
    const [prompt] = await promptsOf(path, ['---', ...matter, '---', 'Be brief.'].join('\n'));
    return prompt?.notes?.join(' ');
  };
  const only = 'It applies to **/*.ts, src/** only.';
  assert.equal(await noteOf('.github/instructions/a.instructions.md', "applyTo: '**/*.ts, src/**'"), only);
  assert.equal(await noteOf('.cursor/rules/a.mdc', 'description: x', 'globs: **/*.ts,src/**'), only);
  assert.equal(await noteOf('.claude/rules/a.md', 'paths:', '  - **/*.ts', '  - "src/**"'), only);
  assert.equal(
    await noteOf('.kiro/steering/a.md', 'inclusion: fileMatch', 'fileMatchPattern: ["**/*.ts", "src/**"]'),
    only,
  );
  assert.equal(await noteOf('a.instructions.md', 'applyTo: **'), undefined);
  assert.equal(await noteOf('.cursor/rules/a.mdc', 'alwaysApply: true', 'globs:'), undefined);
  assert.equal(await noteOf('.windsurf/rules/a.md', 'trigger: manual'), 'It applies only where it is named.');
  const chosen = 'It applies where the model chooses it by its description.';
  assert.equal(await noteOf('.cursor/rules/a.mdc', 'alwaysApply: false'), chosen);
});

test('the description of a skill is offered beside its body', async () => {
  const file = '---\nname: pdf\ndescription: >-\n  Use it for PDF files,\n  never for images.\n---\nBe brief.\n';
  const [body, description, ...others] = await promptsOf('skills/pdf/SKILL.md', file);
  assert.deepEqual([body?.text, body?.isLikely, others.length], ['Be brief.', undefined, 0]);
  assert.deepEqual([description?.text, description?.isLikely], ['Use it for PDF files, never for images.', true]);
  assert.equal(sourceOf(file, description!, 'never'), 'never');
});

test('an override takes the place of the AGENTS.md beside it where the files above are counted', async () => {
  const above = { 'AGENTS.md': 'x'.repeat(500), 'AGENTS.override.md': 'y'.repeat(70) };
  const [prompt] = await promptsOf('a/AGENTS.md', 'Be brief.', above);
  assert.equal(prompt?.limits?.[0]?.before, 70);
});

test('a command of Claude Code includes the files that it names', async () => {
  assert.deepEqual(await texts('.claude/commands/fix.md', 'Fix it by @../../style.md\n', { 'style.md': 'rules' }), [
    'Fix it by rules',
  ]);
});
