import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Carries a prebuilt llama.cpp; too large for a dependency of everybody, so it is fetched when it is first measured. */
const version = '3.22.1';
const folder = fileURLToPath(new URL('../.holdfast/bench', import.meta.url));

/** The parts of the native binding that a measurement needs: batches without sampling or any other work in JavaScript. */
interface NativeContext {
  initBatch(tokens: number): void;
  addToBatch(sequence: number, firstToken: number, tokens: Uint32Array, logitIndexes: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  disposeSequence(sequence: number): void;
  removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean;
}

interface LlamaModel {
  createContext(options: object): Promise<{ readonly _ctx: NativeContext; dispose(): Promise<void> }>;
}

interface Binding {
  readonly getLlama: (options: object) => Promise<{ loadModel(options: object): Promise<LlamaModel> }>;
}

/** One model in llama.cpp on the CPU. */
export async function openLlamaCpp(modelPath: string, threads: number): Promise<LlamaModel> {
  const { getLlama } = await load();
  const llama = await getLlama({ gpu: false, build: 'never', maxThreads: threads, logLevel: 'error' });
  return await llama.loadModel({ modelPath });
}

/** A llama.cpp context as a function of batches. */
export class LlamaCpp {
  private constructor(
    readonly native: NativeContext,
    readonly dispose: () => Promise<void>,
  ) {}

  static async open(model: LlamaModel, threads: number, sequences: number, tokens: number): Promise<LlamaCpp> {
    const context = await model.createContext({
      sequences,
      contextSize: tokens,
      batchSize: Math.max(512, tokens),
      threads,
      flashAttention: 'auto',
    });
    return new LlamaCpp(context._ctx, () => context.dispose());
  }

  /** Feeds tokens to several sequences in one batch; logits are computed for the last token of each. */
  async feed(sequences: readonly number[], firstToken: number, tokens: Uint32Array): Promise<void> {
    this.native.initBatch(sequences.length * tokens.length);
    for (const sequence of sequences) {
      this.native.addToBatch(sequence, firstToken, tokens, Uint32Array.of(tokens.length - 1));
    }
    await this.native.decodeBatch();
  }

  forget(sequences: readonly number[], start: number, end: number): void {
    for (const sequence of sequences) this.native.removeTokenCellsFromSequence(sequence, start, end);
  }
}

async function load(): Promise<Binding> {
  const manifest = path.join(folder, 'package.json');
  const installed = path.join(folder, 'node_modules', 'node-llama-cpp', 'package.json');
  if (!existsSync(installed)) {
    console.log(`Installing node-llama-cpp ${version} into ${folder}, once.`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(manifest, JSON.stringify({ private: true, type: 'module' }));
    execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `node-llama-cpp@${version}`], {
      cwd: folder,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
  }
  const entry = createRequire(manifest).resolve('node-llama-cpp');
  return (await import(pathToFileURL(entry).href)) as Binding;
}
