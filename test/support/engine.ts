import path from 'node:path';
import { OnnxSession } from '../../src/runtime/engine/onnxSession.ts';
import { ensureGraph } from '../../src/runtime/graph/graphCache.ts';
import { configFromGguf } from '../../src/runtime/graph/ggufConfig.ts';
import { configFromHuggingFace } from '../../src/runtime/graph/huggingFaceConfig.ts';
import type { ModelConfig } from '../../src/runtime/graph/modelConfig.ts';
import { Decoder } from '../../src/runtime/simulator/decoder.ts';
import type { Pause } from '../../src/runtime/simulator/pause.ts';
import { openGguf } from '../../src/runtime/weights/gguf.ts';
import { openSafetensors } from '../../src/runtime/weights/safetensors.ts';
import type { WeightSource } from '../../src/runtime/weights/weightSource.ts';
import { defaultModelPath } from './model.ts';

/** For simulations that nobody cancels. */
export const neverPause: Pause = () => Promise.resolve();

let builds = 0;

async function open(source: WeightSource, config: ModelConfig, scratch: string): Promise<Decoder> {
  try {
    // Any content hash will do: each build has a folder of its own.
    const graph = ensureGraph(source, config, '0'.repeat(24), path.join(scratch, `graph-${builds++}`));
    return new Decoder(await OnnxSession.create(graph.modelPath, 'cpu'), config);
  } finally {
    source.close();
  }
}

/** A decoder of a GGUF file; the default model when none is named. Its graph is built in `scratch`. */
export async function openTestDecoder(scratch: string, file = defaultModelPath()): Promise<Decoder> {
  if (file === undefined) throw new Error('The default model is not on this machine.');
  const gguf = openGguf(file);
  return await open(gguf, configFromGguf(gguf), scratch);
}

/** A decoder of a folder in Hugging Face layout, with the configuration in `config`. */
export async function openTestFolder(scratch: string, folder: string, config: string): Promise<Decoder> {
  return await open(openSafetensors(folder), configFromHuggingFace(path.join(folder, config)), scratch);
}
