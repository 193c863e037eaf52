import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { ask, hasPage, pause, test, until } from './harness.ts';
import {
  acme,
  activated,
  auditPrompt,
  configure,
  findings,
  hoverAt,
  messages,
  open,
  replaceText,
  ruleOf,
  smallGrid,
} from './support.ts';

/** Each test has a folder of its own: the editor remembers files that are gone. */
let count = 0;
const folder = (): vscode.Uri => vscode.Uri.joinPath(vscode.workspace.workspaceFolders![0]!.uri, `sources-${count}`);
const at = (path: string): vscode.Uri => vscode.Uri.joinPath(folder(), path);
/** Enough to see an eviction, and no answers are generated. */
const retention = { ...smallGrid, evidence: 'retention' } as const;

/** Writes files, as an editor saves them, until the test ends. */
async function withFiles(files: Readonly<Record<string, string>>, body: () => Promise<void>): Promise<void> {
  count++;
  try {
    for (const [path, text] of Object.entries(files)) {
      await vscode.workspace.fs.writeFile(at(path), new Uint8Array());
      const document = await vscode.workspace.openTextDocument(at(path));
      await replaceText(document, text);
      assert.ok(await document.save());
    }
    await body();
  } finally {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await vscode.workspace.fs.delete(folder(), { recursive: true });
    // Other tests must not meet its configuration.
    await pause(1000);
  }
}

async function acmeText(): Promise<string> {
  return new TextDecoder().decode(await vscode.workspace.fs.readFile(acme));
}

/** The words that findings of a rule underline. */
async function underlined(uri: vscode.Uri, rule: string): Promise<string[]> {
  const document = await vscode.workspace.openTextDocument(uri);
  return findings(uri)
    .filter((each) => ruleOf(each) === rule)
    .map(({ range }) => document.getText(range));
}

test('a configuration file gives files their settings, others by glob, over those of the editor', async () => {
  await activated();
  await configure({ policies: ['snapkv'], ratios: [0.75] });
  const config = [
    'policies: [streaming-llm]',
    'ratios: [0.5]',
    'evidence: retention',
    'overrides:',
    '  - files: ["special/**"]',
    '    policies: [knorm]',
    '    ratios: [0.25]',
  ].join('\n');
  const text = await acmeText();
  await withFiles({ 'holdfast.config.yaml': config, 'system.md': text, 'special/system.md': text }, async () => {
    for (const [path, policy, ratio] of [
      ['system.md', 'StreamingLLM', '50'],
      ['special/system.md', 'K-Norm', '25'],
    ] as const) {
      await open(at(path));
      await auditPrompt();
      const hover = await hoverAt(at(path), new vscode.Position(0, 10));
      assert.match(hover, new RegExp(`\\| Policy.* \\| ${ratio} % evicted \\|\\n`), path);
      assert.match(hover, new RegExp(`\\| ${policy}`.replace('-', '\\\\?-')), path);
      assert.doesNotMatch(hover, /SnapKV/);
    }
    assert.deepEqual(messages, []);
  });
});

test('an unknown key of a configuration is underlined with the key that was meant, and nothing is audited', async () => {
  await activated();
  const files = { 'holdfast.config.yaml': 'ratios: [0.5]\npolcies: [snapkv]\n', 'system.md': 'You are Ada.\n' };
  await withFiles(files, async () => {
    const config = at('holdfast.config.yaml');
    const [problem] = await until('the problem', () => (findings(config).length > 0 ? findings(config) : undefined));
    assert.equal(problem?.message, 'unknown key "polcies". Did you mean "policies"?');
    assert.deepEqual([problem.range.start.line, problem.range.end.character], [1, 'polcies'.length]);
    await open(at('system.md'));
    await auditPrompt();
    assert.equal(messages.length, 1);
    assert.match(messages[0]!, /holdfast\.config\.yaml:2:1: unknown key "polcies"\. Did you mean "policies"\?/);
    assert.deepEqual(findings(at('system.md')), []);
    const { document } = await open(config);
    await replaceText(document, 'ratios: [0.5]\n');
    await until('the problem to go', () => findings(config).length === 0);
    await replaceText(document, 'policies: 1\n');
    await until('another problem', () => findings(config).length === 1);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await vscode.workspace.fs.delete(config);
    await until('no problem of a file that is gone', () => findings(config).length === 0);
  });
});

test('a configuration as JSON is completed and checked by its schema', async () => {
  await activated();
  await withFiles({ 'holdfast.config.json': '{\n  "ratios": [2],\n  \n}\n' }, async () => {
    const uri = at('holdfast.config.json');
    await open(uri);
    const labels = await until('completions', async () => {
      const { items } = await vscode.commands.executeCommand<vscode.CompletionList>(
        'vscode.executeCompletionItemProvider',
        uri,
        new vscode.Position(2, 2),
      );
      const names = items.map(({ label }) => (typeof label === 'string' ? label : label.label));
      return names.includes('policies') ? names : undefined;
    });
    for (const key of ['overrides', 'include', 'host', 'thresholds']) assert.ok(labels.includes(key), labels.join());
    const problems = (): vscode.Diagnostic[] =>
      vscode.languages.getDiagnostics(uri).filter(({ source }) => source !== 'Holdfast');
    await until('the schema to be checked', () => problems().some(({ range }) => range.start.line === 1));
  });
});

test('prompts in TypeScript and in YAML are underlined at the characters of their own files', async () => {
  await activated();
  await configure(retention);
  const text = (await acmeText()).trimEnd();
  // An escape in the middle of the clause: the place in the file is not the place in the prompt.
  const escaped = text.replaceAll('`', '\\`').replace('refuse', '\\u0072efuse');
  const typescript = `import { ask } from './ask';\n\nawait ask({ messages: [{ role: 'system', content: \`${escaped}\` }] });\n`;
  const yaml = `messages:\n  - role: system\n    content: |-\n      ${text.replaceAll('\n', '\n      ')}\n  - role: user\n    content: Hi\n`;
  await withFiles({ 'agent.ts': typescript, 'bank.prompt.yml': yaml }, async () => {
    for (const [path, clause] of [
      ['agent.ts', escaped.split('\n')[0]!],
      ['bank.prompt.yml', text.split('\n')[0]!],
    ] as const) {
      await open(at(path));
      await auditPrompt();
      const words = await underlined(at(path), 'instruction-evicted');
      assert.ok(words.includes(clause), `${path}: ${words.join(' | ')}`);
    }
    assert.deepEqual(messages, []);
    if (hasPage) {
      await open(at('agent.ts'));
      await vscode.commands.executeCommand('workbench.actions.view.problems');
      await pause(1500);
      await ask({ kind: 'screenshot', name: 'typescript' });
      await vscode.commands.executeCommand('workbench.action.closePanel');
    }
  });
});

test('a file that its tool cuts off is underlined there, also where there is no model', async () => {
  await activated();
  const line = 'Always answer briefly.\n';
  const files = {
    'holdfast.config.yaml': 'model: ./nowhere.gguf\n',
    '.windsurfrules': line.repeat(Math.ceil(12_001 / line.length)),
  };
  await withFiles(files, async () => {
    const uri = at('.windsurfrules');
    const { document } = await open(uri);
    await auditPrompt();
    const [cut, ...others] = findings(uri);
    assert.equal(cut && ruleOf(cut), 'prompt-truncated');
    assert.match(cut!.message, /^Windsurf cuts this file off here: it reads 12,000 characters/);
    assert.equal(document.offsetAt(cut!.range.start), 12_000);
    assert.deepEqual(others, []);
    assert.equal(messages.length, 1, 'that nothing was measured is said');
  });
});

test('a marker suppresses a rule for its instruction only, and the report counts it', async () => {
  await activated();
  await configure({ ...retention, ratios: [0.75] });
  const text = await acmeText();
  const marker = '<!-- holdfast: disable-next instruction-evicted -- known -->\n\n';
  await withFiles({ 'system.md': marker + text }, async () => {
    const uri = at('system.md');
    await open(uri);
    await auditPrompt();
    const words = await underlined(uri, 'instruction-evicted');
    const clause = text.split('\n')[0]!;
    assert.ok(!words.includes(clause), 'the clause is suppressed');
    assert.ok(words.length > 0, 'others are not');
    if (!hasPage) return;
    await vscode.commands.executeCommand('holdfast.showReport');
    const shown = async (): Promise<string> => (await ask({ kind: 'frame-text' })).text ?? '';
    await until('the report', async () => (await shown()).includes('1 finding is suppressed by a marker'), 30_000);
  });
});
