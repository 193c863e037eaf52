import type { Architecture, Sizes, Variation } from './architectures/architecture.ts';
import { checkConfig, type Activation, type ModelConfig } from './modelConfig.ts';

/**
 * The blueprint of a model of a family: its sizes, and what its file decides beyond them.
 * @throws HoldfastError `model-format` when the sizes contradict each other.
 */
export function blueprint(
  architecture: Architecture,
  sizes: Sizes,
  variation: Variation & { readonly activation?: Activation },
  file: string,
): ModelConfig {
  const config: ModelConfig = {
    ...sizes,
    architecture: architecture.id,
    norms: architecture.norms,
    queryKeyNorm: architecture.queryKeyNorm,
    activation: variation.activation ?? architecture.activation,
    attention: variation.attention,
    ropes: variation.ropes,
    attentionScale: variation.attentionScale ?? sizes.headDim ** -0.5,
    attentionSoftCap: variation.attentionSoftCap ?? null,
    logitSoftCap: variation.logitSoftCap ?? null,
    embeddingScale: variation.embeddingScale ?? 1,
  };
  return checkConfig(config, file);
}
