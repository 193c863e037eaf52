// Devices that this machine does not have, on the real engine: the CPU takes over and the model says so.
import { evictions } from '../../src/cache/cacheRequest.ts';
import { policyIds } from '../../src/cache/policies/index.ts';
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Engine } from '../../src/runtime/engine/client.ts';
import type { ModelInfo } from '../../src/runtime/languageModel.ts';
import type { LoadOptions } from '../../src/runtime/engine/protocol.ts';
import { defaultModelPath, needsModel } from '../support/model.ts';

const never = new AbortController().signal;

describe('devices of the real engine', needsModel(), () => {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-device-'));
  after(() => rmSync(scratch, { recursive: true, force: true }));
  const engine = new Engine({ enginePath: fileURLToPath(new URL('../../dist/engine.cjs', import.meta.url)) });
  after(() => engine.dispose());

  const load = async (device: LoadOptions['device']): Promise<ModelInfo> => {
    const options = { id: 'm', path: defaultModelPath()!, sha256: '0'.repeat(64), graphsFolder: scratch };
    const model = await engine.load({ ...options, device, precision: 'auto', memoryLimit: '90%' }, never);
    // A device that was replaced has to compute, not only to open.
    assert.equal((await model.prefill(Int32Array.of(1, 2, 3), evictions(policyIds), never)).seqLen, 3);
    return model.info;
  };

  test('automatic: the default model is small, so it runs on the CPU, without a warning', async () => {
    const { device, deviceReason, precision, warnings, memory } = await load('auto');
    assert.deepEqual([device, precision, warnings], ['cpu', 'float32', []]);
    assert.match(deviceReason, /gains nothing from a GPU/u);
    assert.ok(memory.estimate > 4e8 && memory.limit > memory.estimate, JSON.stringify(memory));
  });

  test('a provider that does not start is replaced by the CPU, with the reason', async (t) => {
    if (process.platform !== 'linux' || existsSync('/dev/nvidia0')) {
      t.skip('CUDA is listed and does not start only on Linux without an NVIDIA device');
      return;
    }
    const { device, deviceReason, warnings } = await load('cuda');
    assert.equal(device, 'cpu');
    assert.equal(deviceReason, 'CUDA could not be used');
    assert.match(warnings.join(), /^The device "cuda" was not used: .+\.$/u);
  });

  test('a provider that this platform’s runtime does not have is replaced by the CPU', async () => {
    const { device, warnings } = await load(process.platform === 'win32' ? 'coreml' : 'dml');
    assert.equal(device, 'cpu');
    assert.match(warnings.join(), /is not part of this build of ONNX Runtime/u);
  });
});
