import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkDifference, checkTolerance, type CheckResult } from '../../../src/runtime/engine/deviceCheck.ts';
import { openOnDevice, type DevicePorts } from '../../../src/runtime/engine/device.ts';
import type { ExecutionProvider } from '../../../src/runtime/engine/onnxSession.ts';

interface FakeSession {
  readonly provider: ExecutionProvider;
  release(): Promise<void>;
}

/** What a device does; a missing one computes what the CPU computes. */
interface Behaviour {
  readonly opening?: Error;
  readonly running?: Error;
  readonly outputs?: number[];
  readonly warmMs?: number;
}

/** A Windows machine with three devices, which records what is opened and released. */
function machine(behaviours: Partial<Record<ExecutionProvider, Behaviour>>) {
  const steps: string[] = [];
  let open = 0;
  const ports: DevicePorts<FakeSession> = {
    facts: { available: ['cpu', 'dml', 'webgpu'], platform: 'win32', adapter: 'other' },
    open: (provider) => {
      const error = behaviours[provider]?.opening;
      if (error !== undefined) return Promise.reject(error);
      steps.push(`open ${provider}`);
      assert.equal(++open, 1, 'one session at a time: two would need twice the memory');
      return Promise.resolve({
        provider,
        release: () => {
          steps.push(`release ${provider}`);
          open--;
          return Promise.resolve();
        },
      });
    },
    check: ({ provider }, timed): Promise<CheckResult> => {
      const { running, outputs = [10, -20, 0.5], warmMs = 10 } = behaviours[provider] ?? {};
      steps.push(`check ${provider}`);
      if (running !== undefined) return Promise.reject(running);
      return Promise.resolve({ outputs: [Float32Array.from(outputs)], warmMs: timed ? warmMs : null });
    },
  };
  return { ports, steps };
}
const large = 5e9;
const slowCpu = { cpu: { warmMs: 100 } };

describe('opening a model on a device', () => {
  test('automatic: the first device that repeats the CPU’s numbers faster is used', async () => {
    const { ports, steps } = machine(slowCpu);
    const { session, device, deviceReason, warnings, precision } = await openOnDevice('auto', large, ports);
    assert.deepEqual([session.provider, device, precision, warnings], ['dml', 'dml', 'float32', []]);
    assert.match(deviceReason, /5\.0 GB.*check run/u);
    assert.deepEqual(steps, ['open cpu', 'check cpu', 'release cpu', 'open dml', 'check dml']);
  });

  test('automatic: a small model opens on the CPU at once', async () => {
    const { ports, steps } = machine(slowCpu);
    const { device, deviceReason } = await openOnDevice('auto', 228e6, ports);
    assert.equal(device, 'cpu');
    assert.match(deviceReason, /228 MB/u);
    assert.deepEqual(steps, ['open cpu']);
  });

  test('automatic: other numbers, a failed start and a failed run each lead to the next device, with a warning each', async () => {
    for (const [failure, words] of [
      [{ outputs: [10, -20.1, 0.5] }, /"dml" was not used: its numbers differ from the CPU's by 0\.50 %/u],
      [{ outputs: [10, Number.NaN, 0.5] }, /"dml" was not used: its numbers are not finite\.$/u],
      [{ opening: new Error('no adapter\n  at native code') }, /"dml" was not used: no adapter\.$/u],
      [{ running: new Error('device lost') }, /"dml" was not used: device lost\.$/u],
    ] as const) {
      const { ports, steps } = machine({ ...slowCpu, dml: failure as Behaviour });
      const { device, warnings } = await openOnDevice('auto', large, ports);
      assert.equal(device, 'webgpu');
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]!, words);
      if (!('opening' in failure)) assert.ok(steps.includes('release dml'), 'the failed session is released');
    }
  });

  test('automatic: a device that is slower than the CPU is not used, and the reason gives both times', async () => {
    const { ports } = machine({ cpu: { warmMs: 9 }, dml: { warmMs: 80 }, webgpu: { warmMs: 40 } });
    const { device, deviceReason, warnings } = await openOnDevice('auto', large, ports);
    assert.deepEqual([device, warnings], ['cpu', []], 'nothing went wrong');
    assert.match(deviceReason, /WebGPU gave the same numbers more slowly \(40 ms against 9 ms/u);
  });

  test('a named device is used when it repeats the CPU’s numbers, however slowly', async () => {
    const { ports } = machine({ cpu: { warmMs: 1 }, webgpu: { warmMs: 1000, outputs: [10.001, -20, 0.5] } });
    const { device, deviceReason, warnings } = await openOnDevice('webgpu', 1e6, ports);
    assert.deepEqual([device, deviceReason, warnings], ['webgpu', 'chosen in the settings', []]);
  });

  test('a named device that fails is replaced by the CPU, never by a third one, with a warning', async () => {
    const { ports, steps } = machine({ webgpu: { running: new Error('out of device memory') } });
    const { session, device, deviceReason, warnings } = await openOnDevice('webgpu', large, ports);
    assert.deepEqual([device, session.provider], ['cpu', 'cpu']);
    assert.match(deviceReason, /WebGPU could not be used/u);
    assert.match(warnings.join(), /"webgpu" was not used: out of device memory\./u);
    assert.ok(!steps.includes('open dml'));
  });

  test('a named device that the runtime does not have is replaced by the CPU with a warning', async () => {
    const { ports } = machine({});
    const { device, warnings } = await openOnDevice('cuda', large, ports);
    assert.equal(device, 'cpu');
    assert.match(warnings.join(), /"cuda" is not part of this build/u);
  });

  test('a CPU that does not work is an error: there is nothing to fall back to', async () => {
    const { ports } = machine({ cpu: { opening: new Error('the graph is broken') } });
    await assert.rejects(openOnDevice('webgpu', large, ports), /the graph is broken/u);
  });
});

describe('check run', () => {
  const result = (...values: number[]): CheckResult => ({ outputs: [Float32Array.from(values)], warmMs: null });

  test('differences count as a share of the largest number', () => {
    assert.equal(checkDifference(result(20, 1), result(20, 1)), 0);
    assert.ok(Math.abs(checkDifference(result(20, 1.002), result(20, 1)) - 1e-4) < 1e-6);
    assert.equal(checkDifference(result(20, Number.POSITIVE_INFINITY), result(20, 1)), Number.POSITIVE_INFINITY);
  });

  test('float16 rounding is told from other orders of float32 sums', () => {
    const logits = Float32Array.from({ length: 1000 }, (_, i) => 20 * Math.sin(i));
    const rounded = (bits: number): CheckResult =>
      result(...logits.map((value) => Math.round(value * 2 ** bits) / 2 ** bits));
    // 10 bits of mantissa for numbers of 16 to 32 leave steps of 2^-6; float32 leaves 2^-19.
    assert.ok(checkDifference(rounded(6), result(...logits)) > checkTolerance);
    assert.ok(checkDifference(rounded(18), result(...logits)) < checkTolerance);
  });
});
