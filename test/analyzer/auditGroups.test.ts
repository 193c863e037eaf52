import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditGroups, groupBySettings } from '../../src/analyzer/auditGroups.ts';
import type { audit } from '../../src/analyzer/audit.ts';
import type { AuditInput } from '../../src/analyzer/outcome.ts';
import { auditSettings } from '../../src/analyzer/settings.ts';
import type { LanguageModel } from '../../src/runtime/languageModel.ts';
import { prompt, report } from '../support/reports.ts';

const inputOf = (uri: string): AuditInput => ({
  prompt: { uri, source: 'named-file', text: 'x', segments: [] },
  fileText: 'x',
});
const settingsOf = (uri: string) =>
  auditSettings.parse({ seed: uri === 'b' ? 1 : 0, model: uri === 'c' ? 'other' : '' });

/** Reports each prompt with a finding that is suppressed. */
const fake: typeof audit = async function* (inputs, loadModel, _settings, signal) {
  await loadModel(signal);
  yield { phase: 'load', fraction: 0.5, message: 'loading' };
  const [finding] = report([
    prompt({ truncations: [{ tool: 'x', unit: 'bytes', most: 1, before: 0, size: 2, range }] }),
  ]).findings;
  const found = inputs.map(({ prompt: { uri } }) => ({ ...finding!, uri }));
  const prompts = inputs.map(({ prompt: { uri } }) => prompt({ uri }));
  return { status: 'completed', report: { ...report(prompts), findings: [], suppressed: found } };
};
const { range } = prompt();

test('groups are one audit: prompts, suppressed findings and settings of each file', async () => {
  const groups = groupBySettings(['a', 'b', 'c', 'a'].map(inputOf), settingsOf);
  assert.deepEqual(
    groups.map(({ inputs }) => inputs.map(({ prompt: { uri } }) => uri)),
    [['a', 'a'], ['b'], ['c']],
  );
  const loaded: string[] = [];
  const stream = auditGroups(
    fake,
    groups,
    ({ model }) => {
      loaded.push(model);
      return Promise.resolve({} as LanguageModel);
    },
    new AbortController().signal,
  );
  const fractions: number[] = [];
  let step = await stream.next();
  for (; step.done !== true; step = await stream.next()) fractions.push(step.value.fraction);
  const { prompts, suppressed } = step.value.report;
  assert.deepEqual(
    prompts.map(({ uri, settings }) => [uri, settings?.seed]),
    [
      ['a', undefined],
      ['a', undefined],
      ['b', 0],
      ['c', 0],
    ],
  );
  assert.equal(suppressed.length, 4);
  assert.deepEqual(loaded, ['', 'other'], 'a model is loaded again only where another one is named');
  assert.deepEqual(fractions, [1 / 6, 0.5, 5 / 6]);
});
