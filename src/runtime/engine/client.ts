import { fork, type ChildProcess } from 'node:child_process';
import type { DecodeId } from '../../cache/decode/index.ts';
import { KeptSet } from '../../cache/keptSet.ts';
import type { CacheRequest } from '../../cache/cacheRequest.ts';
import { HoldfastError, type HoldfastErrorCode } from '../../errors.ts';
import { formatBytes } from '../memory/bytes.ts';
import type { Encoding } from '../tokenizer/tokenizer.ts';
import type {
  Answered,
  AnswerRow,
  CompareRow,
  Comparison,
  CompressedCache,
  EncodedTurn,
  Generated,
  GenerateRow,
  LanguageModel,
  ModelInfo,
  PrefixHandle,
  RowProgress,
} from '../languageModel.ts';
import {
  childMessage,
  protocolVersion,
  type ClientMessage,
  type Failure,
  type LoadOptions,
  type Method,
  type Params,
} from './protocol.ts';

/** A cancelled request that has not answered by then is stuck in a run: the child is killed. */
const cancelGraceMs = 900;
/** A child that has not said hello by then will not. */
const helloTimeoutMs = 20_000;
/** What is kept of the child's stderr to explain its death. */
const stderrTail = 2_000;

export interface EngineOptions {
  /** The engine's program (`dist/engine.cjs`). */
  readonly enginePath: string;
  /** Receives lines that the child writes; never prompt text. */
  readonly log?: (line: string) => void;
  readonly execArgv?: readonly string[];
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  readonly progress: RowProgress | undefined;
}

/**
 * The engine seen from outside: a forked child that owns the model. When the child ends, every pending request fails with
 * the reason, and the next `load` starts a new one. Owned by a face (CLI or extension), which disposes it.
 */
export class Engine {
  #connection: Connection | null = null;
  #loaded: { readonly key: string; readonly model: EngineModel } | null = null;

  constructor(readonly options: EngineOptions) {}

  /** Process id of the living child, for logs and tests. */
  get pid(): number | undefined {
    return this.#connection?.isAlive === true ? this.#connection.pid : undefined;
  }

  /** Loads a model, or returns the one that is already loaded with the same options. */
  async load(options: LoadOptions, signal: AbortSignal): Promise<LanguageModel> {
    signal.throwIfAborted();
    const key = JSON.stringify(options);
    if (this.#loaded?.key === key && this.#connection?.isAlive === true) return this.#loaded.model;
    this.#loaded = null;
    if (this.#connection?.isAlive !== true) this.#connection = new Connection(this.options);
    const connection = this.#connection;
    const model = await this.#loadInto(connection, options, signal);
    this.#loaded = { key, model };
    return model;
  }

  /** A driver that crashes takes the whole child with it: then a new child loads the model on the CPU, and says so. */
  async #loadInto(connection: Connection, options: LoadOptions, signal: AbortSignal): Promise<EngineModel> {
    try {
      return new EngineModel(connection, await connection.load(options, signal));
    } catch (error) {
      if (!connection.crashed || options.device === 'cpu' || signal.aborted) throw error;
      const onCpu = (this.#connection = new Connection(this.options));
      const info = await onCpu.load({ ...options, device: 'cpu' }, signal);
      const warning = `The engine crashed while it tried the device "${options.device}"; the audit ran on the CPU.`;
      const deviceReason = 'another device crashed the engine';
      return new EngineModel(onCpu, { ...info, deviceReason, warnings: [...info.warnings, warning] });
    }
  }

  dispose(): void {
    this.#connection?.kill();
    this.#connection = null;
    this.#loaded = null;
  }
}

/** One child process and the requests that wait for it. */
class Connection {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  readonly #ready: Promise<void>;
  #nextId = 0;
  #stderr = '';
  /** What the child may use and is expected to, once it has loaded a model. */
  #memory: ModelInfo['memory'] | null = null;
  #crashed = false;
  #end: HoldfastError | null = null;

  constructor({ enginePath, log, execArgv }: EngineOptions) {
    this.#child = fork(enginePath, {
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: [...(execArgv ?? [])],
      // The extension host's executable is Electron; this makes it run as plain Node.
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    });
    const child = this.#child;
    child.stdout?.on('data', (data: Buffer) => log?.(data.toString().trimEnd()));
    child.stderr?.on('data', (data: Buffer) => {
      this.#stderr = (this.#stderr + data.toString()).slice(-stderrTail);
      log?.(data.toString().trimEnd());
    });
    this.#ready = new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new HoldfastError('engine-failed', 'The engine did not start in time.', 'Try again; see the log.'));
        child.kill('SIGKILL');
      }, helloTimeoutMs);
      child.on('message', (raw) => {
        const message = childMessage.parse(raw);
        if (message.type !== 'hello') {
          this.#receive(message);
          return;
        }
        clearTimeout(timer);
        if (message.protocolVersion === protocolVersion) {
          resolve();
          return;
        }
        reject(new HoldfastError('engine-failed', 'The engine is of another version.', 'Reinstall Holdfast.'));
        this.kill();
      });
      const ended = (reason: string): void => {
        clearTimeout(timer);
        reject(this.#fail(reason));
      };
      child.on('error', (error) => ended(`could not run: ${error.message}`));
      child.on('exit', (code, signal) => {
        this.#crashed = isCrash(code, signal);
        ended(signal === null ? `ended with code ${code ?? 'unknown'}` : `was killed by ${signal}`);
      });
    });
    this.#ready.catch(() => undefined); // the requests that wait for it reject with the same reason
  }

  get isAlive(): boolean {
    return this.#end === null;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** True when the child ended by a fault of its own, such as a driver's, and not because it was stopped. */
  get crashed(): boolean {
    return this.#crashed;
  }

  async load(options: LoadOptions, signal: AbortSignal): Promise<ModelInfo> {
    const info = (await this.request('load', options, signal)) as ModelInfo;
    this.#memory = info.memory;
    return info;
  }

  async request<M extends Method>(
    method: M,
    params: Params<M>,
    signal: AbortSignal,
    progress?: RowProgress,
  ): Promise<unknown> {
    signal.throwIfAborted();
    await this.#ready;
    signal.throwIfAborted();
    if (this.#end !== null) throw this.#end;
    const id = this.#nextId++;
    return await new Promise((resolve, reject) => {
      let grace: NodeJS.Timeout | undefined;
      const settle = <T>(settler: (value: T) => void): ((value: T) => void) => {
        return (value) => {
          clearTimeout(grace);
          signal.removeEventListener('abort', cancel);
          this.#pending.delete(id);
          settler(value);
        };
      };
      const cancel = (): void => {
        this.#send({ type: 'cancel', id });
        grace = setTimeout(() => {
          pending.reject(signal.reason);
          this.kill();
        }, cancelGraceMs);
      };
      const pending: Pending = {
        resolve: settle(resolve),
        // A cancelled request fails with the caller's reason, whatever the child says on its way out.
        reject: settle((reason) => reject((signal.aborted ? signal.reason : reason) as Error)),
        progress,
      };
      this.#pending.set(id, pending);
      signal.addEventListener('abort', cancel, { once: true });
      this.#send({ type: 'request', id, method, params });
    });
  }

  /** Ends the child. It counts as dead from here on, so that a load that follows at once starts a new one. */
  kill(): void {
    this.#fail('was stopped');
    this.#child.kill('SIGKILL');
  }

  #send(message: ClientMessage): void {
    if (this.#child.connected) this.#child.send(message, () => undefined); // a broken channel shows as the child's exit
  }

  #receive(message: Exclude<ReturnType<typeof childMessage.parse>, { type: 'hello' }>): void {
    const pending = this.#pending.get(message.id);
    if (message.type === 'progress') pending?.progress?.(message.done, message.total);
    else if (message.type === 'result') pending?.resolve(message.value);
    else pending?.reject(revive(message.error));
  }

  /** The kernel ends a process that takes the last memory with SIGKILL, and nothing else says so. */
  #advice(reason: string): string {
    const again = 'Run the audit again: a new engine starts.';
    if (!reason.includes('SIGKILL')) return `${again} If this repeats, the machine may be short of memory.`;
    const used =
      this.#memory === null
        ? ''
        : ` (about ${formatBytes(this.#memory.estimate)} were expected, ${formatBytes(this.#memory.limit)} allowed)`;
    return `It may have run out of memory${used}. Close other programs, lower the memory limit so that batches become smaller, or use a smaller model. ${again}`;
  }

  #fail(reason: string): HoldfastError {
    const said = this.#stderr.trim();
    this.#end ??= new HoldfastError(
      'engine-exited',
      `The engine ${reason}.${said === '' ? '' : ` It said: ${said}`}`,
      this.#advice(reason),
    );
    for (const pending of [...this.#pending.values()]) pending.reject(this.#end);
    return this.#end;
  }
}

/** Signals of a fault; Windows ends a faulting process with an NTSTATUS error code. */
const faults: ReadonlySet<string> = new Set(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE']);
const ntStatusErrors = 0xc0000000;
const isCrash = (code: number | null, signal: NodeJS.Signals | null): boolean =>
  signal === null ? (code ?? 0) >= ntStatusErrors : faults.has(signal);

function revive({ name, message, code, hint, stack }: Failure): Error {
  if (code !== undefined) return new HoldfastError(code as HoldfastErrorCode, message, hint);
  const error = new Error(message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** The child's model behind the port. Results of one audit are used by it alone, so they are passed on as received. */
class EngineModel implements LanguageModel {
  constructor(
    readonly connection: Connection,
    readonly info: ModelInfo,
  ) {}

  async encodeSystem(system: string, signal: AbortSignal): Promise<EncodedTurn> {
    return (await this.connection.request('encodeSystem', { system }, signal)) as EncodedTurn;
  }

  async encodeUser(system: string, user: string, signal: AbortSignal): Promise<Int32Array> {
    return (await this.connection.request('encodeUser', { system, user }, signal)) as Int32Array;
  }

  async encodeAnswer(answer: string, signal: AbortSignal): Promise<Encoding> {
    return (await this.connection.request('encodeAnswer', { answer }, signal)) as Encoding;
  }

  async prefill(
    ids: Int32Array,
    requests: readonly CacheRequest[],
    signal: AbortSignal,
    progress?: RowProgress,
    decode?: DecodeId,
  ): Promise<PrefixHandle> {
    const params = { ids, requests: [...requests], decode };
    return (await this.connection.request('prefill', params, signal, progress)) as PrefixHandle;
  }

  async compress(prefix: PrefixHandle, request: CacheRequest, signal: AbortSignal): Promise<CompressedCache> {
    const answer = await this.connection.request('compress', { prefix, request }, signal);
    const { kept, compressedLayers, ...rest } = answer as Omit<CompressedCache, 'kept'> & {
      kept: Uint8Array;
      compressedLayers: number[];
    };
    const { layers, kvHeads } = this.info;
    return { ...rest, kept: new KeptSet(layers, kvHeads, prefix.seqLen, kept, compressedLayers) };
  }

  async generate(
    prefix: PrefixHandle,
    rows: readonly GenerateRow[],
    signal: AbortSignal,
    progress?: RowProgress,
  ): Promise<Generated[]> {
    const params = { prefix, rows: [...rows] };
    return (await this.connection.request('generate', params, signal, progress)) as Generated[];
  }

  async compare(
    prefix: PrefixHandle,
    rows: readonly CompareRow[],
    signal: AbortSignal,
    progress?: RowProgress,
  ): Promise<Comparison[]> {
    return (await this.connection.request('compare', { prefix, rows: [...rows] }, signal, progress)) as Comparison[];
  }

  async answer(
    prefix: PrefixHandle,
    rows: readonly AnswerRow[],
    signal: AbortSignal,
    progress?: RowProgress,
  ): Promise<Answered[]> {
    return (await this.connection.request('answer', { prefix, rows: [...rows] }, signal, progress)) as Answered[];
  }

  async release(prefix: PrefixHandle): Promise<void> {
    if (!this.connection.isAlive) return;
    await this.connection.request('release', { prefix }, new AbortController().signal);
  }
}
