import type { TensorInfo } from '../weights/weightSource.ts';
import { availableMemory } from './availableMemory.ts';
import { estimateUsualAudit, fitBatches } from './batches.ts';
import { usualPromptTokens } from './budget.ts';
import type { MemoryEstimate, MemoryShape } from './estimate.ts';
import { limitBytes, parseMemoryLimit } from './memoryLimit.ts';
import { graphWeightBytes, graphWeightBytesOfFile } from './weightBytes.ts';

/** A model as far as its memory goes: the tensors of its file, or the file's size where it is not on this machine. */
export type ModelSize = { readonly config: MemoryShape; readonly promptTokens?: number } & (
  | { readonly tensors: Iterable<Pick<TensorInfo, 'name' | 'type' | 'shape'>> }
  | { readonly fileBytes: number; readonly quantisation: string }
);

/** Peak memory of an audit with the default grid; of a 512-token prompt, unless `promptTokens` says otherwise. */
export function estimateModelMemory(model: ModelSize): MemoryEstimate {
  return estimateUsualAudit(model.config, weightBytesOf(model), model.promptTokens ?? usualPromptTokens);
}

/** Whether an audit fits below `limit` bytes, in batches as small as need be. */
export function fits(model: ModelSize, limit: number): boolean {
  return fitBatches(model.config, weightBytesOf(model), model.promptTokens ?? usualPromptTokens, limit).fits;
}

const weightBytesOf = (model: ModelSize): number =>
  'tensors' in model
    ? graphWeightBytes(model.tensors)
    : graphWeightBytesOfFile(model.fileBytes, model.quantisation, model.config);

/** What is free now, in bytes, and what the engine may use of it under a setting such as `60%` or `4GB`. */
export async function memoryAvailable(setting: string): Promise<{ free: number; total: number; limit: number }> {
  const limit = parseMemoryLimit(setting);
  const memory = await availableMemory();
  return { free: memory.available, total: memory.total, limit: limitBytes(limit, memory) };
}

export { formatBytes } from './bytes.ts';
export { describeEstimate, type MemoryEstimate, type MemoryShape } from './estimate.ts';
