import { HoldfastError } from '../../errors.ts';
import { availableMemory, type AvailableMemory } from './availableMemory.ts';
import { estimateUsualAudit, fitBatches, type Batches } from './batches.ts';
import { describeEstimate, type MemoryEstimate, type MemoryShape } from './estimate.ts';
import { describeLimit, limitBytes, parseMemoryLimit, type MemoryLimit } from './memoryLimit.ts';

/** Tokens of the shortest system turn worth loading a model for. */
const shortestPrompt = 64;
/** Tokens of a usual system prompt, for estimates before one is known. */
export const usualPromptTokens = 512;

/** What the engine may use, fixed when its model is loaded. Refuses with numbers what does not fit. */
export class MemoryBudget {
  constructor(
    readonly shape: MemoryShape,
    /** Bytes of the graph's weights. */
    readonly weightBytes: number,
    readonly limit: MemoryLimit,
    /** What was available before the weights were loaded. */
    readonly memory: AvailableMemory,
  ) {}

  /** The budget of a model, from the setting and what this machine has now. Throws `invalid-settings`. */
  static async of(shape: MemoryShape, weightBytes: number, setting: string): Promise<MemoryBudget> {
    return new MemoryBudget(shape, weightBytes, parseMemoryLimit(setting), await availableMemory());
  }

  /** The same with the weights' size as the graph turned out. */
  withWeights(weightBytes: number): MemoryBudget {
    return new MemoryBudget(this.shape, weightBytes, this.limit, this.memory);
  }

  get limitBytes(): number {
    return limitBytes(this.limit, this.memory);
  }

  /** Peak of a usual audit, as batches make it without a limit. */
  get usual(): MemoryEstimate {
    return estimateUsualAudit(this.shape, this.weightBytes, usualPromptTokens);
  }

  /** Throws `memory-limit` when not even a short prompt fits. For the moment before weights are converted or loaded. */
  checkModel(): void {
    this.#fit(shortestPrompt, 'The model', 'Use a smaller model or a smaller quantisation of it');
  }

  /** How an audit of a system turn of so many tokens is cut into runs. Throws `memory-limit` when none fits. */
  batches(promptTokens: number): Batches {
    return this.#fit(
      promptTokens,
      `A system turn of ${promptTokens} tokens`,
      'Shorten the prompt, use a smaller model',
    );
  }

  #fit(promptTokens: number, what: string, advice: string): Batches {
    const fitted = fitBatches(this.shape, this.weightBytes, promptTokens, this.limitBytes);
    if (fitted.fits) return fitted.batches;
    throw new HoldfastError(
      'memory-limit',
      `${what} needs ${describeEstimate(fitted.estimate)}. The limit is ${describeLimit(this.limit, this.memory)}.`,
      `${advice}, close other programs, or raise the memory limit.`,
    );
  }
}
