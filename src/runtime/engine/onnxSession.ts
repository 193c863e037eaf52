import { availableParallelism } from 'node:os';
import * as ort from 'onnxruntime-node';

/** A tensor on its way into or out of a run. Views are passed on as they are, not copied. */
export type Tensor = ort.Tensor;

export const floatTensor = (data: Float32Array, dims: readonly number[]): Tensor =>
  new ort.Tensor('float32', data, dims);

export const int64Tensor = (values: ArrayLike<number>, dims: readonly number[]): Tensor =>
  new ort.Tensor('int64', BigInt64Array.from(values as ArrayLike<number> & Iterable<number>, BigInt), dims);

export type ExecutionProvider = 'cpu' | 'webgpu' | 'cuda' | 'dml' | 'coreml';

export const boolTensor = (value: boolean): Tensor => new ort.Tensor('bool', Uint8Array.of(value ? 1 : 0), [1]);

/** Providers compiled into the installed runtime; whether one starts is known only when a session is created. */
export const availableProviders = (): string[] => ort.listSupportedBackends().map(({ name }) => name);

/** `COREML_FLAG_CREATE_MLPROGRAM | COREML_FLAG_USE_CPU_AND_GPU`: the format that keeps float32, without the Neural Engine. */
const coreMlFloat32 = 0x010 | 0x020;
/** Every device warns that shape operators stay on the CPU; only errors explain a failure. */
const errorsOnly = 3;

function providerOptions(provider: ExecutionProvider): ort.InferenceSession.SessionOptions {
  switch (provider) {
    case 'cpu':
      return { executionProviders: ['cpu'] };
    case 'dml':
      // DirectML allows neither memory patterns nor parallel execution.
      return { executionProviders: ['dml'], enableMemPattern: false, logSeverityLevel: errorsOnly };
    case 'coreml':
      return {
        executionProviders: [{ name: 'coreml', coreMlFlags: coreMlFloat32 }],
        logSeverityLevel: errorsOnly,
      };
    case 'cuda':
    case 'webgpu':
      return { executionProviders: [provider], logSeverityLevel: errorsOnly };
  }
}

/**
 * How long a thread without work looks for more before it sleeps: as long as most operators take, so that the next one does not
 * have to wake it. Measured on 2 cores against not at all: decoding 8 to 32 rows and forced runs take 0.8 to 0.9 as long; beside one
 * or two busy processes forced runs take up to 1.15 as long. Ten times the length gains nothing more and costs 1.25 there.
 */
const spinMicroseconds = '200';

/**
 * The one door to ONNX Runtime. Lives in the engine's child process: a run blocks its thread's event loop for its whole
 * length, and ending a worker thread during a run aborts the process.
 */
export class OnnxSession {
  private constructor(readonly session: ort.InferenceSession) {}

  static async create(modelPath: string, provider: ExecutionProvider): Promise<OnnxSession> {
    // CUDA would round the inputs of float32 products to 10 bits (TF32); read when its libraries are first used.
    if (provider === 'cuda') process.env.NVIDIA_TF32_OVERRIDE = '0';
    const session = await ort.InferenceSession.create(modelPath, {
      ...providerOptions(provider),
      intraOpNumThreads: availableParallelism(),
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      extra: { session: { intra_op: { allow_spinning: '1', spin_duration_us: spinMicroseconds } } },
    });
    return new OnnxSession(session);
  }

  async run(feeds: Record<string, Tensor>, fetches: readonly string[]): Promise<Record<string, Tensor>> {
    return await this.session.run(feeds, fetches);
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

/** The float data of an output. */
export function floats(outputs: Record<string, Tensor>, name: string): Float32Array {
  const data = outputs[name]?.data;
  if (!(data instanceof Float32Array)) throw new TypeError(`Output ${name} is not float32.`);
  return data;
}

/** The int64 data of an output as numbers. */
export function integers(outputs: Record<string, Tensor>, name: string): Int32Array {
  const data = outputs[name]?.data;
  if (!(data instanceof BigInt64Array)) throw new TypeError(`Output ${name} is not int64.`);
  return Int32Array.from(data, Number);
}
