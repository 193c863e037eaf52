import { decoderWeights } from '../graph/decoderWeights.ts';
import { ensureGraph } from '../graph/graphCache.ts';
import { positionsOf } from '../graph/modelConfig.ts';
import { describeExecution, executedBytes, wholeMatrix } from '../graph/weightMatrix.ts';
import type { ModelInfo } from '../languageModel.ts';
import { MemoryBudget } from '../memory/budget.ts';
import { Decoder } from '../simulator/decoder.ts';
import { Simulator } from '../simulator/simulator.ts';
import { devicePorts, openOnDevice } from './device.ts';
import { openModel } from './openModel.ts';
import type { LoadOptions } from './protocol.ts';

/** A model ready to simulate, with what reports say about it. */
export interface LoadedModel {
  readonly simulator: Simulator;
  readonly info: ModelInfo;
  close(): Promise<void>;
}

/** Opens a model's files, converts it if it was not converted before, and starts a session. */
export async function loadModel(options: LoadOptions): Promise<LoadedModel> {
  const start = performance.now();
  const { id, path, sha256, precision } = options;
  const { source, config, tokenizer, template, stopIds } = openModel(path);
  try {
    const expected = await MemoryBudget.of(config, executedBytes(source, precision), options.memoryLimit);
    expected.checkModel();
    const graph = ensureGraph(source, config, sha256, options.graphsFolder, precision);
    const memory = expected.withWeights(graph.weightBytes);
    memory.checkModel();
    const weights = decoderWeights(source, config, 'float32');
    const outputWeight = (layer: number): Float32Array => wholeMatrix(weights.linear('attentionOutput', layer));
    const ports = devicePorts(graph.modelPath, config);
    const { session, ...placement } = await openOnDevice(options.device, graph.weightBytes, ports);
    return {
      simulator: new Simulator(new Decoder(session, config), tokenizer, template, stopIds, memory, outputWeight),
      info: {
        id,
        path,
        sha256,
        architecture: config.architecture,
        layers: config.layers,
        queryHeads: config.queryHeads,
        kvHeads: config.kvHeads,
        headDim: config.headDim,
        vocabSize: config.vocabSize,
        windows: config.attention.map(({ window }) => window),
        contextLength: positionsOf(config),
        weights: describeExecution(source, precision),
        ...placement,
        memory: { estimate: memory.usual.total, limit: memory.limitBytes },
        loadMs: performance.now() - start,
      },
      close: async () => {
        await session.release();
        source.close();
      },
    };
  } catch (error) {
    source.close();
    throw error;
  }
}
