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
  statusSays,
  unmeasured,
} from './support.ts';

test('the example: the confidentiality clause is underlined with its evidence, and nothing pops up', async () => {
  await activated();
  await open(acme);
  await auditPrompt();
  const found = findings(acme);
  const clause = found.filter(({ range }) => range.start.line === 0);
  assert.ok(
    clause.some((each) => ruleOf(each) === 'instruction-evicted' && each.message.includes('StreamingLLM')),
    describe(found),
  );
  const leak = clause.find((each) => ruleOf(each) === 'prompt-leak');
  assert.ok(leak, describe(found));
  assert.equal(leak.severity, vscode.DiagnosticSeverity.Error);
  assert.deepEqual(messages, []);

  for (const { code, range, source } of found) {
    assert.equal(source, 'Holdfast');
    assert.ok(
      typeof code === 'object' && code.target.path.endsWith('docs/rules.md') && code.target.fragment === code.value,
    );
    const document = await vscode.workspace.openTextDocument(acme);
    assert.ok(document.validateRange(range).isEqual(range), 'the range is inside the document');
  }
  const keys = found.map((each) => `${ruleOf(each)} ${each.range.start.line}:${each.range.start.character}`);
  assert.equal(new Set(keys).size, keys.length, 'one diagnostic per instruction and rule');

  const answers = leak.relatedInformation?.find(({ location }) => location.uri.scheme === 'holdfast-answers');
  assert.ok(answers, 'the answers are linked');
  const document = await vscode.workspace.openTextDocument(answers.location.uri);
  assert.match(document.lineAt(answers.location.range.start.line).text, /^--- /);

  const hover = await hoverAt(acme, new vscode.Position(0, 10));
  assert.match(hover, /\| Policy.* \| 25 % evicted \| 40 % evicted \| 50 % evicted \| 75 % evicted \|/);
  assert.match(hover, /\| StreamingLLM.* \|.*\*\*evicted\*\* \d/);
  assert.equal(await hoverAt(acme, new vscode.Position(1, 0)), '', 'no hover between instructions');
  if (hasPage) await takePictures();
});

test('an untitled document is audited', async () => {
  await activated();
  await configure(smallGrid);
  const content = (await vscode.workspace.openTextDocument(acme)).getText();
  const document = await vscode.workspace.openTextDocument({ language: 'markdown', content });
  await vscode.window.showTextDocument(document);
  await auditPrompt();
  assert.ok(
    findings(document.uri).some((each) => ruleOf(each) === 'instruction-evicted'),
    describe(findings(document.uri)),
  );
  assert.notEqual(await hoverAt(document.uri, new vscode.Position(0, 5)), '');
});

test('unsaved text is what is audited', async () => {
  await activated();
  await configure(smallGrid);
  const { document } = await open(acme);
  const text = document.getText();
  await replaceText(document, `# Rules\n\n${text}`);
  await auditPrompt();
  assert.ok(document.isDirty);
  assert.ok(
    findings(acme).some(({ range }) => range.start.line === 2),
    describe(findings(acme)),
  );
});

test('an edit hides the results at once and its undo shows them again', async () => {
  await activated();
  await configure(smallGrid);
  const { document } = await open(acme);
  await auditPrompt();
  const before = findings(acme).length;
  assert.ok(before > 0);
  const text = document.getText();
  await replaceText(document, `Be kind.\n${text}`);
  await until('the findings to go', () => findings(acme).length === 0, 2000);
  assert.equal(await hoverAt(acme, new vscode.Position(0, 2)), '');
  await replaceText(document, text);
  await until('the findings to come back', () => findings(acme).length === before, 2000);
});

test('results of a text that changed during the audit are not shown', async () => {
  await activated();
  await configure({ ...smallGrid, ...unmeasured() });
  const { document } = await open(acme);
  const audit = auditPrompt();
  await pause(200);
  await replaceText(document, `Be kind.\n${document.getText()}`);
  await audit;
  assert.deepEqual(findings(acme), []);
  assert.equal(await hoverAt(acme, new vscode.Position(1, 10)), '');
  await statusSays(/changed after it was audited/);
});

test('Clear removes every finding', async () => {
  await activated();
  await configure(smallGrid);
  await open(acme);
  await auditPrompt();
  assert.ok(findings(acme).length > 0);
  await vscode.commands.executeCommand('holdfast.clear');
  assert.deepEqual(findings(acme), []);
});

test('a deleted file leaves no finding behind', async () => {
  await activated();
  await configure(smallGrid);
  const copy = vscode.Uri.joinPath(acme, '../system-copy.md');
  await vscode.workspace.fs.copy(acme, copy, { overwrite: true });
  await open(copy);
  await auditPrompt();
  assert.ok(findings(copy).length > 0);
  await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  await vscode.workspace.fs.delete(copy);
  await until('the findings to go', () => findings(copy).length === 0, 10_000);
});

test('a severity setting takes effect without a new audit', async () => {
  await activated();
  await configure(smallGrid);
  await open(acme);
  await auditPrompt();
  const evicted = (): vscode.Diagnostic[] => findings(acme).filter((each) => ruleOf(each) === 'instruction-evicted');
  assert.ok(evicted().length > 0);
  await configure({ 'rules.severity': { 'instruction-evicted': 'off' } });
  await until('the findings to go', () => evicted().length === 0, 5000);
  await configure({ 'rules.severity': { 'instruction-evicted': 'hint' } });
  await until('hints', () => evicted()[0]?.severity === vscode.DiagnosticSeverity.Hint, 5000);
});

test('an invalid setting is named and nothing is audited', async () => {
  await activated();
  await configure({ ...smallGrid, ratios: [1.5] });
  await open(acme);
  await auditPrompt();
  assert.equal(messages.length, 1);
  assert.match(messages[0]!, /holdfast\.ratios \(0\)/);
  assert.deepEqual(findings(acme), []);
});

test('Audit Workspace finds the prompt files and skips what is excluded or not text', async () => {
  await activated();
  await configure({ ...smallGrid, evidence: 'retention', exclude: ['**/skipped/**'] });
  await vscode.commands.executeCommand('holdfast.auditWorkspace');
  const folder = vscode.workspace.workspaceFolders![0]!.uri;
  const audited = vscode.languages
    .getDiagnostics()
    .filter(([, diagnostics]) => diagnostics.some(({ source }) => source === 'Holdfast'))
    .map(([uri]) => uri.path.slice(folder.path.length + 1));
  assert.ok(audited.includes('acme-bank/system.md'), audited.join());
  assert.ok(audited.includes('agent/AGENTS.md'), audited.join());
  assert.ok(!audited.some((path) => path.includes('skipped') || path.includes('binary')), audited.join());
  assert.deepEqual(messages, []);
});

function describe(diagnostics: readonly vscode.Diagnostic[]): string {
  return (
    diagnostics.map((each) => `${ruleOf(each)} @${each.range.start.line}: ${each.message}`).join('\n') || 'no findings'
  );
}

/** Pictures of the audited example: squiggles with the Problems panel, the hover, the report. */
async function takePictures(): Promise<void> {
  const editor = await open(acme);
  editor.selection = new vscode.Selection(0, 20, 0, 20);
  await vscode.commands.executeCommand('workbench.actions.view.problems');
  await pause(1500);
  await ask({ kind: 'screenshot', name: 'problems' });
  await vscode.commands.executeCommand('workbench.action.closePanel');
  await vscode.commands.executeCommand('workbench.action.closeSidebar');
  await open(acme);
  editor.selection = new vscode.Selection(2, 8, 2, 8);
  await vscode.commands.executeCommand('editor.action.showHover');
  await pause(1500);
  // The editor puts the findings first; the table is at the end.
  await vscode.commands.executeCommand('editor.action.showHover');
  await vscode.commands.executeCommand('editor.action.goToBottomHover');
  await vscode.commands.executeCommand('editor.action.scrollUpHover');
  await pause(1000);
  await ask({ kind: 'screenshot', name: 'hover' });
  await ask({ kind: 'keys', keys: 'Escape' });
  await vscode.commands.executeCommand('holdfast.showReport');
  await until('the report to be rendered', async () => (await ask({ kind: 'frame-text' })).text, 30_000);
  await vscode.commands.executeCommand('workbench.action.closeEditorsInOtherGroups');
  await pause(1500);
  await ask({ kind: 'screenshot', name: 'report' });
  await vscode.commands.executeCommand('workbench.view.explorer');
}
