import { statSync } from 'node:fs';
import { HoldfastError } from '../../errors.ts';
import { chatTemplateFromGguf, findEndOfTurn } from '../chatTemplate.ts';
import { ensureGraph } from '../graph/graphCache.ts';
import { configFromGguf } from '../graph/ggufConfig.ts';
import { positionsOf } from '../graph/modelConfig.ts';
import { describeExecution } from '../graph/weightMatrix.ts';
import type { ModelInfo } from '../languageModel.ts';
import { Decoder } from '../simulator/decoder.ts';
import { Simulator } from '../simulator/simulator.ts';
import { tokenizerFromGguf } from '../tokenizer/tokenizerFromGguf.ts';
import { openGguf } from '../weights/gguf.ts';
import { metadataNumber } from '../weights/ggufMetadata.ts';
import { MemoryBudget } from '../memory/budget.ts';
import { graphWeightBytes } from '../memory/weightBytes.ts';
import { devicePorts, openOnDevice } from './device.ts';
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
    const config = configFromGguf(gguf);
    const tokenizer = tokenizerFromGguf(gguf.metadata);
    const template = chatTemplateFromGguf(gguf.metadata);
    const endOfTurn = findEndOfTurn(template, tokenizer, metadataNumber(gguf, 'tokenizer.ggml.eos_token_id'));
    const expected = await MemoryBudget.of(config, graphWeightBytes(gguf.tensors.values()), options.memoryLimit);
    expected.checkModel();
    const graph = ensureGraph(gguf, config, options.sha256, options.graphsFolder);
    const memory = expected.withWeights(graph.weightBytes);
    memory.checkModel();
    const ports = devicePorts(graph.modelPath, config);
    const { session, ...placement } = await openOnDevice(options.device, graph.weightBytes, ports);
    return {
      simulator: new Simulator(new Decoder(session, config), tokenizer, template, endOfTurn, memory),
      info: {
        id: options.id,
        path: options.path,
        sha256: options.sha256,
        architecture: config.architecture,
        layers: config.layers,
        queryHeads: config.queryHeads,
        kvHeads: config.kvHeads,
        headDim: config.headDim,
        vocabSize: config.vocabSize,
        contextLength: positionsOf(config),
        weights: describeExecution(gguf, 'auto'),
        ...placement,
        memory: { estimate: memory.usual.total, limit: memory.limitBytes },
        loadMs: performance.now() - start,
      },
      close: () => session.release(),
    };
  } finally {
    gguf.close();
  }
}
