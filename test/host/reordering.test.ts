import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { ask, hasPage, pause, test, until } from './harness.ts';
import { acme, activated, auditPrompt, configure, findings, messages, open } from './support.ts';

test('a verified order is previewed, offered as a quick fix, applied as one edit and undone', async () => {
  await activated();
  await configure({ policies: ['streaming-llm'], ratios: [0.4, 0.5] });
  const { document } = await open(acme);
  const before = document.getText();
  await auditPrompt();
  assert.ok(findings(acme).length > 0);

  const search = await actions();
  assert.deepEqual(
    search.map(({ title }) => title),
    ['Search for an order that holds (runs the model)'],
  );

  await open(acme);
  await vscode.commands.executeCommand('holdfast.suggestReordering');
  const preview = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  assert.ok(preview instanceof vscode.TabInputTextDiff, messages.join());
  assert.equal(preview.original.toString(), acme.toString());
  const proposed = (await vscode.workspace.openTextDocument(preview.modified)).getText();
  assert.notEqual(proposed, before);
  assert.deepEqual(words(proposed), words(before), 'no word is changed');
  await until('the question', () => messages.length === 1, 2000);
  if (hasPage) {
    await pause(1500);
    await ask({ kind: 'screenshot', name: 'reordering' });
  }

  const [reorder, compare] = await actions();
  assert.match(reorder?.title ?? '', /^Reorder \(verified: lost \d+ → \d+ of \d+, leak \d+ % → \d+ %\)$/);
  assert.ok(reorder?.edit, 'the quick fix carries its edit');
  assert.equal(compare?.command?.command, 'holdfast.previewReordering');

  await vscode.commands.executeCommand('holdfast.applyReordering');
  await until('the edit', () => document.getText() === proposed, 5000);
  assert.deepEqual(findings(acme), [], 'findings of the old order are gone');
  await open(acme);
  await vscode.commands.executeCommand('undo');
  await until('one undo to restore the text', () => document.getText() === before, 5000);
});

async function actions(): Promise<vscode.CodeAction[]> {
  const range = findings(acme)[0]!.range;
  const all = await vscode.commands.executeCommand<vscode.CodeAction[]>(
    'vscode.executeCodeActionProvider',
    acme,
    range,
  );
  return all.filter(({ title }) => /order/i.test(title));
}

function words(text: string): string[] {
  return text.split(/\s+/).filter(Boolean).toSorted();
}
