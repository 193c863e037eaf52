import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { ask, hasPage, pause, test, until } from './harness.ts';
import {
  acme,
  activated,
  auditPrompt,
  configure,
  engineChildren,
  extensionId,
  findings,
  measuring,
  messages,
  open,
  smallGrid,
  statusSays,
  unmeasured,
} from './support.ts';

/** How soon a cancelled audit has settled; the product promises one second on a quiet machine. */
const settleMs = 3000;

test('Cancel stops the audit and what is shown is not clean', async () => {
  await activated();
  await configure(unmeasured());
  await open(acme);
  const audit = Promise.resolve(auditPrompt());
  await measuring();
  await pause(1500);
  const start = Date.now();
  await vscode.commands.executeCommand('holdfast.cancel');
  await audit;
  assert.ok(Date.now() - start < settleMs, `settled after ${Date.now() - start} ms`);
  for (const { message } of findings(acme)) assert.match(message, /\(partial audit\)$/);
  assert.deepEqual(messages, []);
  await statusSays(/partial|not measured|cancelled/);
});

test('the Cancel button of the notification stops the audit', async () => {
  if (!hasPage) return;
  await activated();
  await configure(unmeasured());
  await open(acme);
  const audit = Promise.resolve(auditPrompt());
  await measuring();
  // The test driver shows no toasts; the notification stands in the list.
  await vscode.commands.executeCommand('notifications.showList');
  await pause(1000);
  await ask({ kind: 'screenshot', name: 'progress' });
  await ask({ kind: 'click-in-notification', text: 'Cancel' });
  const settled = await Promise.race([audit.then(() => true), pause(settleMs).then(() => false)]);
  assert.ok(settled);
  await statusSays(/partial|not measured|cancelled/);
});

test('a killed engine is a failure that says so, and the next audit works', async () => {
  if (process.platform !== 'linux') return;
  await activated();
  await configure(unmeasured());
  await open(acme);
  const audit = Promise.resolve(auditPrompt());
  const pid = await measuring();
  await pause(1500);
  process.kill(pid, 'SIGKILL');
  const settled = await Promise.race([audit.then(() => true), pause(settleMs).then(() => false)]);
  assert.ok(settled, 'the audit ends soon after its engine');
  await until('the message', () => messages.length > 0, 2000);
  assert.equal(messages.length, 1);
  await statusSays(/failed/);
  messages.length = 0;
  await configure(smallGrid);
  await auditPrompt();
  assert.ok(findings(acme).length > 0);
  assert.deepEqual(messages, []);
});

test('no child process is left after deactivation', async () => {
  if (process.platform !== 'linux') return;
  const extension = vscode.extensions.getExtension(extensionId)!;
  await activated();
  await configure(smallGrid);
  await open(acme);
  await auditPrompt();
  assert.equal(engineChildren().length, 1);
  // The same module as the editor's: the extension host keeps one instance of each file.
  const { main } = extension.packageJSON as { main: string };
  const entry = vscode.Uri.joinPath(extension.extensionUri, main).fsPath;
  const loaded = require.cache[entry];
  assert.ok(loaded, 'the extension is loaded from its bundle');
  (loaded.exports as { deactivate(): void }).deactivate();
  await until('the child to end', () => engineChildren().length === 0, 3000);
});
