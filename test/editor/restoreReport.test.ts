import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { extract } from '../../src/analyzer/sources/index.ts';
import type { AuditTarget } from '../../src/editor/auditRunner.ts';
import { Results } from '../../src/editor/results.ts';
import { textsOfReport } from '../../src/editor/restoreReport.ts';
import { sampleReport } from '../support/sampleReport.ts';

const sample = sampleReport();
const { uri } = sample.prompts[0]!;
const text = 'You are Ada.\n- Never give tax advice.\n';
const [prompt] = (await extract(uri, text, 'named-file')).prompts;
const start = prompt!.segments[0]!.file.start;
const report = {
  ...sample,
  prompts: sample.prompts.map((each) => ({
    ...each,
    textHash: createHash('sha256').update(prompt!.text).digest('hex'),
    range: { ...each.range, offsets: [start, start + prompt!.text.length] as [number, number] },
  })),
};

async function restored(present: string | undefined): Promise<Results> {
  const read = (at: string): Promise<AuditTarget | undefined> =>
    Promise.resolve(present === undefined ? undefined : { uri: at, text: present });
  const texts = await textsOfReport(report, read, (target) => extract(target.uri, target.text, 'named-file'));
  const results = new Results();
  results.restore(report, texts);
  return results;
}

test('results of an earlier session come back while the prompt is the audited one', async () => {
  assert.equal((await restored(text)).state(uri), 'current');
});

test('results of a prompt that changed, moved or is gone stay hidden', async () => {
  for (const present of [`${text}- Be brief.\n`, `---\ntitle: x\n---\n${text}`, '', undefined]) {
    const results = await restored(present);
    assert.equal(results.get(uri), undefined, JSON.stringify(present));
    assert.equal(results.latestReport()?.prompts[0]?.status, 'not-measured');
  }
});
