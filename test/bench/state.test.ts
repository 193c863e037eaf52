import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { record, type RetrievalRecord } from '../../bench/paper/records.ts';
import { openState, type Identity } from '../../bench/state.ts';
import { HoldfastError } from '../../src/errors.ts';

const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-state-'));
after(() => rmSync(scratch, { recursive: true }));
const temporaryFolder = () => mkdtempSync(path.join(scratch, 'run-'));

const identity = { model: 'abc', ratios: [0, 0.5] };
const unit = (index: number): RetrievalRecord => ({
  unit: `retrieval/${index}`,
  kind: 'retrieval',
  sample: index,
  promptTokens: 10,
  arms: [],
  seconds: 1,
});

function opened(folder: string, { shard = '1-of-1', as = identity }: { shard?: string; as?: Identity } = {}) {
  const said: string[] = [];
  const state = openState(folder, shard, as, record, (line) => said.push(line));
  return { state, said };
}
const units = (folder: string, shard?: string) => {
  const { state } = opened(folder, shard === undefined ? {} : { shard });
  state.close();
  return state.records().map((record) => record.unit);
};

describe('the state of a run', () => {
  test('has everything that was appended before the run ended', () => {
    const folder = path.join(temporaryFolder(), 'new');
    const { state } = opened(folder);
    state.append(unit(1));
    state.append(unit(2)); // not closed: as after a kill
    assert.deepEqual(units(folder), ['retrieval/1', 'retrieval/2']);
    assert.ok(opened(folder).state.has('retrieval/2'));
  });

  test('drops a last line that was not finished, says so, and goes on after it', () => {
    for (const damage of ['{"unit":"retrieval/2","ki', '{"unit":"retrieval/2"}\n']) {
      const folder = temporaryFolder();
      opened(folder).state.append(unit(1));
      appendFileSync(path.join(folder, 'state-1-of-1.jsonl'), damage);
      const { state, said } = opened(folder);
      assert.match(said.join(), /state-1-of-1\.jsonl: the last line was not finished/);
      assert.ok(!state.has('retrieval/2'));
      state.append(unit(2));
      assert.deepEqual(units(folder), ['retrieval/1', 'retrieval/2']);
      assert.deepEqual(opened(folder).said, []);
    }
  });

  test('begins anew where not even its first line was finished', () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'state-1-of-1.jsonl'), '{"paperSt');
    opened(folder).state.append(unit(1));
    assert.deepEqual(units(folder), ['retrieval/1']);
    assert.match(readFileSync(path.join(folder, 'state-1-of-1.jsonl'), 'utf8'), /^\{"state":\{"stateVersion":1,/);
  });

  test('refuses damage before the last line, with its place', () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'state-1-of-1.jsonl');
    opened(folder).state.append(unit(1));
    appendFileSync(file, 'damage\n');
    appendFileSync(file, `${JSON.stringify(unit(2))}\n`);
    assert.throws(() => opened(folder), /state-1-of-1\.jsonl, line 3: is damaged/);
  });

  test('of other settings is refused with what is different', () => {
    const folder = temporaryFolder();
    opened(folder).state.close();
    assert.throws(
      () => opened(folder, { as: { ...identity, ratios: [0, 0.7] } }),
      (error) =>
        error instanceof HoldfastError &&
        error.message.includes('ratios [0,0.5], not [0,0.7]') &&
        !error.message.includes('model'),
    );
  });

  test('of several shards is put together, each unit once', () => {
    const folder = temporaryFolder();
    const first = opened(folder, { shard: '1-of-2' }).state;
    first.append(unit(1));
    const second = opened(folder, { shard: '2-of-2' }).state;
    assert.ok(second.has('retrieval/1'));
    second.append(unit(2));
    second.append(unit(1));
    assert.deepEqual(units(folder, '1-of-1'), ['retrieval/1', 'retrieval/2']);
  });

  test('leaves the last line of another shard alone, which may be writing it', () => {
    const folder = temporaryFolder();
    opened(folder, { shard: '1-of-2' }).state.append(unit(1));
    const other = path.join(folder, 'state-1-of-2.jsonl');
    appendFileSync(other, '{"unit":"retr');
    const before = readFileSync(other, 'utf8');
    opened(folder, { shard: '2-of-2' }).state.close();
    assert.equal(readFileSync(other, 'utf8'), before);
  });

  test('has at the end what other shards appended in the meantime', () => {
    const folder = temporaryFolder();
    const [first, second] = ['1-of-2', '2-of-2'].map((shard) => opened(folder, { shard }));
    first!.state.append(unit(1));
    second!.state.append(unit(2));
    assert.deepEqual(
      second!.state.records().map((record) => record.unit),
      ['retrieval/1', 'retrieval/2'],
    );
    assert.deepEqual(second!.said, []);
  });
});
