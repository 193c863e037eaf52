import { z } from 'zod';
import { policyExpression, policyIds } from '../cache/policies/index.ts';

export const devices = ['auto', 'cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const;
export const evidenceLevels = ['retention', 'loss'] as const;

/**
 * Everything that decides what an audit measures. One source of truth: defaults, bounds and descriptions of the
 * extension's settings and the CLI's flags are read from here (the manifest and the README table are generated).
 */
export const auditSettings = z.strictObject({
  model: z
    .string()
    .default('')
    .describe('Model id of the catalog, or a path to a GGUF file. Empty: the default model.'),
  policies: z
    .array(policyExpression)
    .min(1)
    .default([...policyIds])
    .describe('KV-cache policies to simulate.'),
  ratios: z
    .array(z.number().gt(0).lt(1))
    .min(1)
    .default([0.25, 0.4, 0.5, 0.75])
    .describe('Compression ratios: share of the cached entries of the system prompt that is evicted.'),
  probes: z.array(z.string().min(1)).default([]).describe('Additional user turns that make instructions matter.'),
  evidence: z.enum(evidenceLevels).default('loss').describe('How far up the evidence ladder to measure.'),
  influenceFloor: z
    .number()
    .min(0)
    .default(0.03)
    .describe('Influence (nats per token) below which an instruction counts as inert.'),
  ignoredLoss: z
    .number()
    .min(0)
    .max(1)
    .default(0.8)
    .describe('Loss from which an instruction with a changed answer counts as likely ignored.'),
  weakenedLoss: z.number().min(0).max(1).default(0.25).describe('Loss from which an instruction counts as weakened.'),
  leakThreshold: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('ROUGE-L recall of the directives in an answer from which the prompt counts as leaked.'),
  maxResponseTokens: z.int().min(8).max(512).default(128).describe('Longest answer generated for a probe, in tokens.'),
  device: z.enum(devices).default('auto').describe('Where the model runs.'),
  seed: z.int().min(0).default(0).describe('Seed of everything random.'),
});

export type AuditSettings = z.infer<typeof auditSettings>;
export type Device = (typeof devices)[number];
