import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { ask, hasPage, test, until } from './harness.ts';
import { activated } from './support.ts';

test('the model picker shows size, licence and memory of models, and whether they fit here', async () => {
  if (!hasPage) return;
  await activated();
  const before = vscode.workspace.getConfiguration('holdfast').get('model');
  const chosen = vscode.commands.executeCommand('holdfast.selectModel');
  const lines = async (): Promise<string> => (await ask({ kind: 'quick-pick' })).text ?? '';
  await until('the list of models', async () => (await lines()).includes('SmolLM2 135M'), 20_000);
  const shown = await lines();
  for (const fact of ['To download', 'Qwen3', 'Apache-2.0', 'Gemma Terms of Use', 'parameters', 'fits: about']) {
    assert.ok(shown.includes(fact), `${fact} in ${shown}`);
  }
  await ask({ kind: 'screenshot', name: 'models' });
  await ask({ kind: 'keys', keys: 'Escape' });
  await chosen;
  assert.equal(
    vscode.workspace.getConfiguration('holdfast').get('model'),
    before,
    'a dismissed picker changes nothing',
  );
});
