import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditSettings } from '../../src/analyzer/settings.ts';
import { readAuditSettings, readEditorSettings } from '../../src/editor/settings.ts';
import { auditSettingKeys } from '../../src/editor/settingKeys.ts';
import { HoldfastError } from '../../src/errors.ts';

const reader =
  (values: Readonly<Record<string, unknown>>) =>
  (key: string): unknown =>
    values[key];

test('settings that are not set have the defaults of the analyzer', () => {
  assert.deepEqual(readAuditSettings(reader({})), auditSettings.parse({}));
});

test('every setting is read from its own key', () => {
  const values = { 'thresholds.leak': 0.7, ratios: [0.3], model: '/models/a.gguf', probes: ['Hello?'] };
  const settings = readAuditSettings(reader(values));
  assert.deepEqual(
    [settings.leakThreshold, settings.ratios, settings.model, settings.probes],
    [0.7, [0.3], '/models/a.gguf', ['Hello?']],
  );
  assert.equal(new Set(Object.values(auditSettingKeys)).size, Object.keys(auditSettingKeys).length);
});

test('an invalid value is refused with the name of its setting', () => {
  const refused = (values: Record<string, unknown>, name: RegExp): void => {
    assert.throws(
      () => readAuditSettings(reader(values)),
      (error: unknown) =>
        error instanceof HoldfastError && error.code === 'invalid-settings' && name.test(error.message),
    );
  };
  refused({ ratios: [0.5, 1.5] }, /holdfast\.ratios \(1\)/);
  refused({ 'thresholds.leak': 'high' }, /holdfast\.thresholds\.leak/);
  refused({ policies: ['lru'] }, /holdfast\.policies/);
});

test('severities default to the finding and unknown rules are refused', () => {
  assert.equal(readEditorSettings(reader({})).severity['prompt-leak'], 'default');
  const off = readEditorSettings(reader({ 'rules.severity': { 'instruction-inert': 'off' } }));
  assert.equal(off.severity['instruction-inert'], 'off');
  assert.throws(() => readEditorSettings(reader({ 'rules.severity': { typo: 'off' } })), /holdfast\.rules\.severity/);
});
