import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { ask, hasPage, test, until } from './harness.ts';
import { acme, activated, auditPrompt, configure, open, replaceText, smallGrid } from './support.ts';

const reports = (): vscode.Tab[] =>
  vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith('holdfast.report'));

test('the report opens on request only, once, and shows what was measured', async () => {
  await activated();
  await configure(smallGrid);
  await open(acme);
  await auditPrompt();
  assert.equal(reports().length, 0, 'an audit opens nothing');
  await vscode.commands.executeCommand('holdfast.showReport');
  await vscode.commands.executeCommand('holdfast.showReport');
  await until('the report', () => reports().length === 1, 5000);
  if (!hasPage) return;
  const text = async (): Promise<string> => (await ask({ kind: 'frame-text' })).text ?? '';
  await until('the report to be rendered', async () => (await text()).includes('confidential'), 30_000);
});

test('a report that was hidden shows the present results, and nothing of a changed document', async () => {
  if (!hasPage) return;
  await activated();
  await configure(smallGrid);
  const { document } = await open(acme);
  await auditPrompt();
  await vscode.commands.executeCommand('holdfast.showReport');
  const text = async (): Promise<string> => (await ask({ kind: 'frame-text' })).text ?? '';
  await until('the report to be rendered', async () => (await text()).includes('confidential'), 30_000);
  await replaceText(document, `Be kind.\n${document.getText()}`);
  await until('the report to say so', async () => (await text()).includes('changed after it was audited'), 10_000);
  assert.doesNotMatch(await text(), /confidential/);
});
