// The client against scripted children: what it promises when a child dies, hangs or is of another version.
import { evictions } from '../../../src/cache/cacheRequest.ts';
import { policyIds } from '../../../src/cache/policies/index.ts';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { HoldfastError } from '../../../src/errors.ts';
import { Engine } from '../../../src/runtime/engine/client.ts';
import type { ModelInfo } from '../../../src/runtime/languageModel.ts';
import { protocolVersion, type LoadOptions } from '../../../src/runtime/engine/protocol.ts';

const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-engine-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

let scripts = 0;

/** An engine whose child says hello, loads what `info` describes after `onLoad`, and does `onRequest` with each other request. */
function scripted(onRequest: string, version = protocolVersion, info: Partial<ModelInfo> = {}, onLoad = ''): Engine {
  const enginePath = path.join(scratch, `child-${scripts++}.mjs`);
  writeFileSync(
    enginePath,
    `const answer = (id, value) => process.send({ type: 'result', id, value });
     const info = { id: 'm', layers: 1, kvHeads: 1, warnings: [], memory: { estimate: 5e8, limit: 4e9 }, ...${JSON.stringify(info)} };
     process.on('message', (message) => {
       if (message.type !== 'request') return;
       const { id, method, params } = message;
       if (method === 'load') { ${onLoad} }
       if (method === 'load') return answer(id, { ...info, pid: process.pid });
       ${onRequest}
     });
     process.send({ type: 'hello', protocolVersion: ${version} });`,
  );
  const engine = new Engine({ enginePath });
  after(() => engine.dispose());
  return engine;
}

const options: LoadOptions = {
  id: 'm',
  path: '/models/m.gguf',
  sha256: '0'.repeat(64),
  graphsFolder: scratch,
  device: 'auto',
  memoryLimit: '60%',
  precision: 'auto',
};
const never = new AbortController().signal;
const withCode = (code: string, text: RegExp) => (error: unknown) =>
  error instanceof HoldfastError && error.code === code && text.test(error.message);

describe('engine client', () => {
  test('a child that dies fails what waits for it, with the reason and what it said', async () => {
    const engine = scripted(`process.stderr.write('out of memory', () => process.kill(process.pid, 'SIGKILL'));`);
    const model = await engine.load(options, never);
    const waiting = [model.encodeUser('a', 'b', never), model.prefill(Int32Array.of(1), evictions(policyIds), never)];
    for (const request of waiting) await assert.rejects(request, withCode('engine-exited', /SIGKILL.*out of memory/su));
    await assert.rejects(model.encodeUser('a', 'b', never), withCode('engine-exited', /SIGKILL/u));
    assert.equal(engine.pid, undefined);
  });

  test('the next load after a death starts a new child', async () => {
    const engine = scripted(`process.exit(3);`);
    const model = await engine.load(options, never);
    const first = engine.pid;
    await assert.rejects(model.encodeUser('a', 'b', never), withCode('engine-exited', /code 3/u));
    await engine.load(options, never);
    assert.ok(engine.pid !== undefined && engine.pid !== first);
  });

  test('the same model is loaded once, another one again in the same child', async () => {
    const engine = scripted('');
    const model = await engine.load(options, never);
    assert.equal(await engine.load(options, never), model);
    assert.notEqual(await engine.load({ ...options, device: 'cpu' }, never), model);
  });

  test('a cancelled request rejects with the reason; a child that does not answer is killed within a second', async () => {
    const engine = scripted('/* stuck in a run: no answer, no reaction to a cancel */');
    const model = await engine.load(options, never);
    const abort = new AbortController();
    const request = model.prefill(Int32Array.of(1), evictions(policyIds), abort.signal);
    const start = performance.now();
    setTimeout(() => abort.abort(), 20);
    await assert.rejects(request, { name: 'AbortError' });
    assert.ok(performance.now() - start < 1500, `took ${performance.now() - start} ms`);
    assert.equal(engine.pid, undefined, 'a stuck child is not used again');
    assert.notEqual(await engine.load(options, never), model);
  });

  test('progress reaches the caller before the result', async () => {
    const engine = scripted(
      `process.send({ type: 'progress', id, done: 1, total: 2 }, () => answer(id, { prefix: 0, seqLen: 2 }));`,
    );
    const model = await engine.load(options, never);
    const seen: number[] = [];
    await model.prefill(Int32Array.of(1, 2), evictions(policyIds), never, (done, total) => seen.push(done, total));
    assert.deepEqual(seen, [1, 2]);
  });

  test('an expected failure of the child keeps its code and hint, a bug keeps its stack', async () => {
    const engine = scripted(
      `const error = method === 'prefill'
         ? { name: 'HoldfastError', code: 'prompt-too-long', message: 'too long', hint: 'shorten it' }
         : { name: 'TypeError', message: 'a bug', stack: 'TypeError: a bug\\n at child' };
       process.send({ type: 'failure', id, error });`,
    );
    const model = await engine.load(options, never);
    await assert.rejects(
      model.prefill(Int32Array.of(1), evictions(policyIds), never),
      (error) => withCode('prompt-too-long', /too long/u)(error) && (error as HoldfastError).hint === 'shorten it',
    );
    await assert.rejects(model.encodeUser('a', 'b', never), { name: 'TypeError', stack: /at child/u });
  });

  test('a child that the kernel killed may have run out of memory: the hint gives the estimate and the limit', async () => {
    const engine = scripted(`process.kill(process.pid, 'SIGKILL');`, protocolVersion, {
      memory: { estimate: 1.2e9, limit: 9e8 },
    });
    const model = await engine.load(options, never);
    await assert.rejects(model.encodeUser('a', 'b', never), (error) => {
      assert.ok(error instanceof HoldfastError);
      assert.match(error.hint ?? '', /may have run out of memory \(about 1\.2 GB were expected, 900 MB allowed\)/u);
      return true;
    });
  });

  test('a device that crashes the engine while it loads is replaced by the CPU, with a warning', async () => {
    const crash = `if (params.device !== 'cpu') return process.kill(process.pid, 'SIGSEGV');`;
    const engine = scripted('', protocolVersion, { device: 'cpu', warnings: [] }, crash);
    const { info } = await engine.load({ ...options, device: 'webgpu' }, never);
    assert.match(info.warnings.join(), /crashed while it tried the device "webgpu"/u);
    assert.match(info.deviceReason, /crashed the engine/u);
    assert.ok(engine.pid !== undefined, 'the second child lives on');
    const hopeless = scripted('', protocolVersion, {}, `process.kill(process.pid, 'SIGSEGV');`);
    await assert.rejects(hopeless.load({ ...options, device: 'cpu' }, never), withCode('engine-exited', /SIGSEGV/u));
  });

  test('a child of another version is refused', async () => {
    const engine = scripted('', protocolVersion + 1);
    await assert.rejects(engine.load(options, never), withCode('engine-failed', /another version/u));
  });

  test('a program that is not there fails the load instead of hanging', async () => {
    const engine = new Engine({ enginePath: path.join(scratch, 'nothing.cjs') });
    await assert.rejects(engine.load(options, never), withCode('engine-exited', /nothing\.cjs/u));
  });
});
