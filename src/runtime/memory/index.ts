import { availableMemory } from './availableMemory.ts';
import { limitBytes, parseMemoryLimit } from './memoryLimit.ts';

/** What is free now, in bytes, and what the engine may use of it under a setting such as `60%` or `4GB`. */
export async function memoryAvailable(setting: string): Promise<{ free: number; total: number; limit: number }> {
  const limit = parseMemoryLimit(setting);
  const memory = await availableMemory();
  return { free: memory.available, total: memory.total, limit: limitBytes(limit, memory) };
}

export { formatBytes } from './bytes.ts';
export { describeEstimate, type MemoryEstimate, type MemoryShape } from './estimate.ts';
export { estimateFromFile, type FileSize } from './fileEstimate.ts';
export { defaultMemoryLimit } from './memoryLimit.ts';
