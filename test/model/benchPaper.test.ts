import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Grid } from '../../bench/paper/grid.ts';
import type { IfevalRow } from '../../bench/ifevalRows.ts';
import { measurePrompt } from '../../bench/paper/measurePrompt.ts';
import { measureRetrieval } from '../../bench/paper/measureRetrieval.ts';
import { promptRecord, retrievalRecord } from '../../bench/paper/records.ts';
import { loadModel, type LoadedModel } from '../../src/runtime/engine/loadModel.ts';
import { neverPause } from '../support/engine.ts';
import { defaultModelPath } from '../support/model.ts';

const grid: Grid = {
  policies: ['streaming-llm', 'snapkv'],
  ratios: [0, 0.5, 0.9],
  protections: ['none', 'whitelist', 'fair', 'reserve'],
  protectedRatios: [0.5, 0.9],
};
const row: IfevalRow = {
  line: 1,
  key: '1',
  system: 'Do not use any commas.',
  user: 'Name two colours.',
  instructions: [],
};

describe('the experiments of bench:paper', () => {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-paper-'));
  let model: LoadedModel;
  before(async () => {
    model = await loadModel({
      id: 'm',
      path: defaultModelPath()!,
      sha256: '0'.repeat(64),
      graphsFolder: scratch,
      device: 'cpu',
      precision: 'auto',
      memoryLimit: '90%',
    });
  });
  after(async () => {
    await model.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  test('measure every cell of a defended prompt, and leave out the whitelist that is larger than the budget', async () => {
    const limits = { task: 6, leak: 6 };
    const measured = await measurePrompt(model.simulator, row, 'defense-first', grid, limits, neverPause);
    const record = promptRecord.parse({ ...measured, unit: 'u', seconds: 0 });
    const cell = (policy: string, ratio: number, protection: string) =>
      record.cells.find((each) => each.policy === policy && each.ratio === ratio && each.protection === protection);

    assert.equal(record.cells.length + record.skipped.length, 2 * (2 + 2 * 3));
    assert.deepEqual(
      record.skipped,
      grid.policies.map((policy) => ({ policy, ratio: 0.9, protection: 'whitelist' })),
    );
    for (const { keptTokens, ratio, leak } of record.cells) {
      assert.equal(keptTokens, Math.trunc(record.promptTokens * (1 - ratio)));
      assert.ok(leak !== null);
    }
    for (const policy of grid.policies) {
      const plain = cell(policy, 0.5, 'none')!.keep!;
      const fair = cell(policy, 0.5, 'fair')!.keep!;
      assert.ok(plain.directives - plain.defense > 0.2, `${policy} favours the later part`);
      assert.ok(Math.abs(fair.directives - fair.defense) < 0.1, `${policy} is fair`);
      const [own, equal] = record.tiers.filter((tier) => tier.policy === policy);
      assert.ok(equal!.high.defense > own!.high.defense);
      assert.equal(equal!.bytes, own!.bytes);
    }
  });

  test('ask an undefended prompt for no leak, and give equal caches the same answer', async () => {
    const limits = { task: 6, leak: 6 };
    const twice = { ...grid, policies: ['streaming-llm', 'streaming-llm(sinks=4)'] };
    const measured = await measurePrompt(model.simulator, row, 'undefended', twice, limits, neverPause);
    assert.ok(
      measured.cells.every(({ leak, keep, protection }) => leak === null && keep === null && protection === 'none'),
    );
    const [first, second] = twice.policies.map((policy) =>
      measured.cells.filter((each) => each.policy === policy).map(({ task }) => task),
    );
    assert.deepEqual(first, second);
  });

  test('retrieve lines at no more bytes than the precision that they are compared with', async () => {
    const settings = { lines: 6, seed: 42, policies: grid.policies };
    const measured = await measureRetrieval(model.simulator, model.info, 0, settings, neverPause);
    const { arms } = retrievalRecord.parse({ ...measured, unit: 'u', seconds: 0 });
    const full = arms[0]!.questions.reduce((sum, { logProb }) => sum + logProb, 0);
    const bits4 = arms.find(({ size, arm }) => size === 'FP16/INT4' && arm === 'mikv')!;
    const distance = bits4.questions.reduce((sum, { logProb }) => sum + logProb, 0) - full;
    assert.ok(Math.abs(distance) < Math.abs(full), `INT4 is ${distance} from the full cache's ${full}`);
    for (const { size, bytes } of arms.slice(1)) {
      const { bytes: most } = arms.find((each) => each.size === size && each.arm === 'mikv')!;
      assert.ok(bytes <= most + 1e-9 && bytes > most - 0.02, `${size}: ${bytes} of ${most}`);
    }
  });
});
