import { statSync } from 'node:fs';
import { HoldfastError } from '../../errors.ts';
import { chatTemplateFromGguf, findStopIds, stopIdsFromGguf } from '../chatTemplate/index.ts';
import { ensureGraph } from '../graph/graphCache.ts';
import { describeExecution } from '../graph/llamaWeights.ts';
import { configFromGguf, positionsOf } from '../graph/modelConfig.ts';
import type { ModelInfo } from '../languageModel.ts';
import { Decoder } from '../simulator/decoder.ts';
import { Simulator } from '../simulator/simulator.ts';
import { tokenizerFromGguf } from '../tokenizer/tokenizerFromGguf.ts';
import { openGguf } from '../weights/gguf.ts';
import { openOnDevice } from './device.ts';
import type { LoadOptions } from './protocol.ts';

/** A model ready to simulate, with what reports say about it. */
export interface LoadedModel {
  readonly simulator: Simulator;
  readonly info: ModelInfo;
  close(): Promise<void>;
}

/** Opens a model file, converts it if it was not converted before, and starts a session. */
export async function loadModel(options: LoadOptions): Promise<LoadedModel> {
  const start = performance.now();
  if (statSync(options.path).isDirectory()) {
    throw new HoldfastError(
      'unsupported-model',
      `${options.path} is a folder in Hugging Face layout, which this version does not load.`,
      'Convert the model to GGUF and name that file.',
    );
  }
  const gguf = openGguf(options.path);
  try {
    const vocabSize = gguf.tensors.get('token_embd.weight')?.shape[0];
    if (vocabSize === undefined) {
      throw new HoldfastError(
        'model-format',
        `${options.path} has no token embedding.`,
        'Use a complete GGUF file of a language model.',
      );
    }
    const config = configFromGguf(gguf, vocabSize);
    const tokenizer = tokenizerFromGguf(gguf.metadata);
    const template = chatTemplateFromGguf(gguf.metadata);
    const stopIds = findStopIds(template, tokenizer, stopIdsFromGguf(gguf.metadata));
    const graph = ensureGraph(gguf, config, options.sha256, options.graphsFolder);
    const { session, device } = await openOnDevice(graph.modelPath, options.device);
    return {
      simulator: new Simulator(new Decoder(session, config), tokenizer, template, stopIds),
      info: {
        id: options.id,
        path: options.path,
        sha256: options.sha256,
        architecture: config.architecture,
        layers: config.layers,
        queryHeads: config.queryHeads,
        kvHeads: config.kvHeads,
        headDim: config.headDim,
        vocabSize,
        contextLength: positionsOf(config),
        weights: describeExecution(gguf),
        device,
        loadMs: performance.now() - start,
      },
      close: () => session.release(),
    };
  } finally {
    gguf.close();
  }
}
