import { z } from 'zod';
import { precisions } from '../graph/precision.ts';
import { cacheRequest } from '../../cache/cacheRequest.ts';
import { decodeExpression } from '../../cache/decode/index.ts';
import { memoryLimitPattern } from '../memory/memoryLimit.ts';

/**
 * Messages between the engine's client and its child process, over Node's IPC with `serialization: 'advanced'` (typed
 * arrays travel as they are). The child answers every request exactly once, in order; `progress` may come before the answer.
 */
export const protocolVersion = 1;

const tokens = z.custom<Int32Array>((value) => value instanceof Int32Array, 'not an Int32Array');
const handle = z.strictObject({ prefix: z.int().min(0), seqLen: z.int().positive() });
const mask = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('positions'), positions: tokens }),
  z.strictObject({ kind: z.literal('variant'), variant: z.int().min(0) }),
  z.strictObject({ kind: z.literal('variant-positions'), variant: z.int().min(0), positions: tokens }),
  z.strictObject({ kind: z.literal('variant-restored'), variant: z.int().min(0), positions: tokens }),
]);

/** What is evicted while a conversation goes on. */
const evicting = decodeExpression.optional();
const sampling = z.strictObject({ temperature: z.number().positive(), seed: z.int() }).optional();

export const executionProviders = ['cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const;

export const loadOptions = z.strictObject({
  id: z.string().describe('Name of the model in reports.'),
  path: z.string().describe('A GGUF file, or a folder in Hugging Face layout.'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/u)
    .describe('Content hash: names the cached graph.'),
  graphsFolder: z.string(),
  device: z.enum(['auto', ...executionProviders]),
  precision: z.enum(precisions),
  memoryLimit: z.string().regex(memoryLimitPattern).describe('What the engine may use, such as 60% or 4GB.'),
});
export type LoadOptions = z.infer<typeof loadOptions>;

/** Parameters of each request, validated once by the child. */
export const requests = {
  load: loadOptions,
  encodeSystem: z.strictObject({ system: z.string() }),
  encodeUser: z.strictObject({ system: z.string(), user: z.string() }),
  encodeAnswer: z.strictObject({ answer: z.string() }),
  prefill: z.strictObject({ ids: tokens, requests: z.array(cacheRequest), decode: evicting }),
  compress: z.strictObject({ prefix: handle, request: cacheRequest }),
  generate: z.strictObject({
    prefix: handle,
    rows: z.array(
      z.strictObject({
        mask,
        suffix: tokens,
        maxTokens: z.int().positive(),
        decode: evicting,
        sampling,
        comparedTokens: z.int().positive().optional(),
      }),
    ),
  }),
  compare: z.strictObject({ prefix: handle, rows: z.array(z.strictObject({ mask, suffix: tokens, target: tokens })) }),
  answer: z.strictObject({
    prefix: handle,
    rows: z.array(
      z.strictObject({
        mask,
        suffix: tokens,
        target: tokens,
        maxTokens: z.int().positive(),
        decode: evicting,
        isRecital: z.boolean().optional(),
      }),
    ),
  }),
  release: z.strictObject({ prefix: handle }),
} as const;

export type Method = keyof typeof requests;
export type Params<M extends Method> = z.infer<(typeof requests)[M]>;

export const clientMessage = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('request'),
    id: z.int(),
    method: z.enum(Object.keys(requests) as [Method, ...Method[]]),
    params: z.unknown(),
  }),
  z.strictObject({ type: z.literal('cancel'), id: z.int() }),
]);
export type ClientMessage = z.infer<typeof clientMessage>;

const failure = z.strictObject({
  name: z.string(),
  message: z.string(),
  code: z.string().optional(),
  hint: z.string().optional(),
  stack: z.string().optional(),
});
export type Failure = z.infer<typeof failure>;

export const childMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('hello'), protocolVersion: z.number() }),
  z.strictObject({ type: z.literal('progress'), id: z.int(), done: z.number(), total: z.number() }),
  z.strictObject({ type: z.literal('result'), id: z.int(), value: z.unknown() }),
  z.strictObject({ type: z.literal('failure'), id: z.int(), error: failure }),
]);
export type ChildMessage = z.infer<typeof childMessage>;
