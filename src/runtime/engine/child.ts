// The engine's child process: owns the model, its keys, values and logits. Started by `Engine` (client.ts) with IPC.
import { HoldfastError } from '../../errors.ts';
import { volunteerForOutOfMemory } from '../memory/oomPreference.ts';
import { pauseFor } from '../simulator/pause.ts';
import type { Simulator } from '../simulator/simulator.ts';
import { loadModel, type LoadedModel } from './loadModel.ts';
import {
  clientMessage,
  protocolVersion,
  requests,
  type ChildMessage,
  type Failure,
  type Method,
  type Params,
} from './protocol.ts';
import type { RowProgress } from '../languageModel.ts';

let model: LoadedModel | null = null;
/** Requests run one after the other: the runtime is one resource, and a cancel then only has one thing to stop. */
let queue = Promise.resolve();
const running = new Map<number, AbortController>();

const send = (message: ChildMessage): void => {
  if (process.connected) process.send?.(message);
};

async function handle(method: Method, params: unknown, signal: AbortSignal, progress: RowProgress): Promise<unknown> {
  const parsed = <M extends Method>(name: M): Params<M> => requests[name].parse(params) as Params<M>;
  const pause = pauseFor(signal);
  await pause();
  switch (method) {
    case 'load':
      await model?.close();
      model = null;
      model = await loadModel(parsed('load'));
      return model.info;
    case 'encodeSystem':
      return simulator().encodeSystem(parsed(method).system);
    case 'encodeUser': {
      const { system, user } = parsed(method);
      return simulator().encodeUser(system, user);
    }
    case 'encodeAnswer':
      return simulator().encodeAnswer(parsed(method).answer);
    case 'prefill': {
      const { ids, requests, decode } = parsed(method);
      return await simulator().prefill(ids, requests, pause, progress, decode);
    }
    case 'compress': {
      const { prefix, request } = parsed(method);
      const { kept, ...compression } = simulator().compress(prefix, request);
      return { ...compression, kept: kept.bits, compressedLayers: kept.compressedLayers };
    }
    case 'generate': {
      const { prefix, rows } = parsed(method);
      return await simulator().generate(prefix, rows, pause, progress);
    }
    case 'compare': {
      const { prefix, rows } = parsed(method);
      return await simulator().compare(prefix, rows, pause, progress);
    }
    case 'answer': {
      const { prefix, rows } = parsed(method);
      return await simulator().answer(prefix, rows, pause, progress);
    }
    case 'release':
      simulator().release(parsed(method).prefix);
      return undefined;
  }
}

function simulator(): Simulator {
  if (model === null) throw new Error('No model is loaded.');
  return model.simulator;
}

process.on('message', (raw) => {
  const message = clientMessage.parse(raw);
  if (message.type === 'cancel') {
    running.get(message.id)?.abort();
    return;
  }
  const { id, method, params } = message;
  const abort = new AbortController();
  running.set(id, abort);
  queue = queue.then(async () => {
    try {
      const value = await handle(method, params, abort.signal, (done, total) => {
        send({ type: 'progress', id, done, total });
      });
      send({ type: 'result', id, value });
    } catch (error) {
      send({ type: 'failure', id, error: describe(error) });
    } finally {
      running.delete(id);
    }
  });
});

function describe(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, stack } = error;
  const failure: Failure = { name, message, ...(stack === undefined ? {} : { stack }) };
  if (!(error instanceof HoldfastError)) return failure;
  return { ...failure, code: error.code, ...(error.hint === undefined ? {} : { hint: error.hint }) };
}

volunteerForOutOfMemory();
// A terminal sends Ctrl-C to the whole process group; the client decides what it means and cancels or kills.
process.on('SIGINT', () => undefined);
// Without its client the engine has no purpose.
process.on('disconnect', () => process.exit());
send({ type: 'hello', protocolVersion });
