import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { test } from './harness.ts';
import { activated, engineChildren } from './support.ts';

interface Manifest {
  contributes: { commands: { command: string }[] };
}

test('activation loads no native runtime and starts no child process', async () => {
  const extension = await activated();
  assert.ok(extension.isActive);
  const loaded = Object.keys(require.cache).filter((file) => file.includes('onnxruntime'));
  assert.deepEqual(loaded, []);
  if (process.platform === 'linux') {
    assert.ok(!readFileSync('/proc/self/maps', 'utf8').includes('onnxruntime'));
    assert.deepEqual(engineChildren(), []);
  }
});

test('the contributed commands are the registered ones', async () => {
  const extension = await activated();
  const contributed = (extension.packageJSON as Manifest).contributes.commands.map(({ command }) => command);
  const registered = (await vscode.commands.getCommands(true)).filter((id) => id.startsWith('holdfast.'));
  // The editor itself adds commands for the view state of contributed views; there are none here.
  assert.deepEqual(registered.toSorted(), contributed.toSorted());
});
