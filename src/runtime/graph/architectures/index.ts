import { HoldfastError } from '../../../errors.ts';
import type { Architecture } from './architecture.ts';
import { gemma2 } from './gemma2.ts';
import { gemma3 } from './gemma3.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import { olmo2 } from './olmo2.ts';
import { phi3 } from './phi3.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';
import { smollm3 } from './smollm3.ts';

/** Every family of decoders that Holdfast runs. */
export const architectures: readonly Architecture[] = [
  llama,
  mistral,
  qwen2,
  qwen3,
  phi3,
  gemma2,
  gemma3,
  smollm3,
  olmo2,
];

/** Ids, for messages and lists. */
export const supportedArchitectures: readonly string[] = architectures.map(({ id }) => id);

/** The family of a `general.architecture` or of a blueprint; undefined for one that is not run. */
export const findArchitecture = (id: string): Architecture | undefined =>
  architectures.find((architecture) => architecture.id === id);

/** The family of a `model_type`. */
export const findModelType = (modelType: string): Architecture | undefined =>
  architectures.find(({ modelTypes }) => modelTypes.includes(modelType));

/** The family of a blueprint, which was made by one. */
export function architectureOf({ architecture }: { readonly architecture: string }): Architecture {
  const found = findArchitecture(architecture);
  if (found === undefined) throw new RangeError(`There is no architecture "${architecture}".`);
  return found;
}

export const unsupportedArchitecture = (name: string, file: string): HoldfastError =>
  new HoldfastError(
    'unsupported-model',
    `${file} is a "${name}" model, which this version does not run.`,
    `Supported architectures: ${supportedArchitectures.join(', ')}.`,
  );
