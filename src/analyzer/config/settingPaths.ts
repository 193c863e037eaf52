import type { AuditSettings } from '../settings.ts';

/**
 * Where each audit setting lives below `holdfast.` in the editor's settings, and in a configuration file; a new field of
 * `AuditSettings` does not compile until it is named here.
 */
export const auditSettingKeys = {
  model: 'model',
  device: 'device',
  precision: 'precision',
  memoryLimit: 'memoryLimit',
  policies: 'policies',
  ratios: 'ratios',
  protections: 'protections',
  caches: 'caches',
  bytes: 'bytes',
  decode: 'decode',
  probes: 'probes',
  evidence: 'evidence',
  maxResponseTokens: 'maxResponseTokens',
  samples: 'behavior.samples',
  sampleBudget: 'behavior.budget',
  temperature: 'behavior.temperature',
  seed: 'seed',
  influenceFloor: 'thresholds.influenceFloor',
  weakenedLoss: 'thresholds.weakenedLoss',
  ignoredLoss: 'thresholds.ignoredLoss',
  leakThreshold: 'thresholds.leak',
} as const satisfies Record<keyof AuditSettings, string>;

/** Settings of the machine: one for a whole run, and never taken from a workspace that is not trusted. */
export const machineSettings = ['model', 'device', 'memoryLimit'] as const satisfies readonly (keyof AuditSettings)[];
