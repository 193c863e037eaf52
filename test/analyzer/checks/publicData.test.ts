import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { recogniseChecks, responseScope } from '../../../src/analyzer/checks/recognise/index.ts';
import { checkById } from '../../../src/analyzer/checks/registry.ts';
import { needsPublicData, publicData } from '../../support/publicData.ts';

interface Row {
  readonly instruction_id_list: readonly string[];
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

test('precision and recall on the system texts of S-IFEval are at least 0.95', needsPublicData('s-ifeval'), (t) => {
  const rows = readFileSync(publicData('s-ifeval/dev.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
  let [right, wrong, missed] = [0, 0, 0];
  for (const { instruction_id_list: asked, messages } of rows) {
    const left = recogniseChecks(messages[0]!.content)
      .map(({ id }) => id)
      .filter((id) => checkById(id)?.origin === 'ifeval');
    for (const id of asked) {
      const index = left.indexOf(id);
      if (index < 0) missed++;
      else {
        left.splice(index, 1);
        right++;
      }
    }
    wrong += left.length;
  }
  const [precision, recall] = [right / (right + wrong), right / (right + missed)];
  t.diagnostic(`precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)} over ${right + missed} instructions`);
  assert.ok(precision >= 0.95);
  assert.ok(recall >= 0.95);
});

test('at most one line in a thousand of public instruction files asks for a check', needsPublicData('prompts'), (t) => {
  const folder = publicData('prompts');
  let [lines, fired] = [0, 0];
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.mdc?$/.test(file),
  )) {
    const text = readFileSync(path.join(folder, name), 'utf8');
    const scope = responseScope(text);
    for (const line of text.split('\n')) {
      lines++;
      if (recogniseChecks(line, scope).length > 0) fired++;
    }
  }
  t.diagnostic(`${fired} of ${lines} lines`);
  assert.ok(lines > 5000);
  assert.ok(fired <= lines / 1000);
});
