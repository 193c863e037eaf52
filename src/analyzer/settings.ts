import { z } from 'zod';
import { byteBudgetText } from '../cache/byteBudget.ts';
import { cacheExpression } from '../cache/cacheSpec.ts';
import { decodeSetting, noDecode } from '../cache/decode/index.ts';
import { policyExpression, policyIds } from '../cache/policies/index.ts';
import { precisions } from '../runtime/graph/precision.ts';
import { protectionExpression } from './variants/protectionExpression.ts';
import { defaultMemoryLimit, memoryLimitPattern } from '../runtime/memory/memoryLimit.ts';

export const devices = ['auto', 'cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const;
export const evidenceLevels = ['retention', 'loss', 'behavior'] as const;

/**
 * Everything that decides what an audit measures. One source of truth: defaults, bounds and descriptions of the
 * extension's settings and the CLI's flags are read from here (the manifest and the README table are generated).
 */
export const auditSettings = z.strictObject({
  model: z
    .string()
    .default('')
    .describe(
      'Model: an id of "holdfast models list", or the path of a GGUF file or of a folder with config.json. Empty: the default model.',
    ),
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
  protections: z
    .array(protectionExpression)
    .default([])
    .describe('Protections to measure beside each policy: what else is kept within the same budget.'),
  caches: z
    .array(cacheExpression)
    .default([])
    .describe('Mixed-precision and quantised caches to measure beside the policies.'),
  bytes: z
    .array(byteBudgetText)
    .default([])
    .describe('Sizes at which eviction, mixed precision and quantisation are compared: 25%, 2MB.'),
  decode: decodeSetting
    .default(noDecode)
    .meta({ examples: [noDecode, 'h2o(budget=25%)', 'window(sinks=4,budget=128)'] })
    .describe('What compressed caches also evict while they answer, the user turn and the answer included.'),
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
  memoryLimit: z
    .string()
    .regex(memoryLimitPattern, 'expected a share such as 60%, or an amount such as 4GB or 800MB')
    .default(defaultMemoryLimit)
    .meta({ examples: ['60%', '4GB', '800MB'] })
    .describe(
      'What the model may use: a share of the memory that is free when it is loaded, or an amount. Batches are made to fit; what does not fit is refused.',
    ),
  precision: z
    .enum(precisions)
    .default('auto')
    .describe(
      'How weights run: as they are stored, quantised ones exactly (auto); all as float32; or float ones rounded to 8 bits (int8).',
    ),
  samples: z
    .int()
    .min(4)
    .max(64)
    .default(16)
    .describe('Sampled answers of the full cache, and of the prompt without an instruction, for evidence of behavior.'),
  sampleBudget: z
    .int()
    .min(0)
    .default(320)
    .describe('Most sampled answers of compressed caches per prompt; they go where the outcome is least certain.'),
  temperature: z.number().gt(0).max(2).default(0.3).describe('Temperature of sampled answers.'),
  seed: z.int().min(0).default(0).describe('Seed of everything random.'),
});

export type AuditSettings = z.infer<typeof auditSettings>;
export type Device = (typeof devices)[number];

/** The settings that decide how a model is loaded, and nothing about what is measured on it. */
export type LoadSettings = Pick<AuditSettings, 'device' | 'memoryLimit' | 'precision'>;
export const loadSettings = ({ device, memoryLimit, precision }: AuditSettings): LoadSettings => ({
  device,
  memoryLimit,
  precision,
});
