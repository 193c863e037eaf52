import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { acceleratorPaysBytes, planDevice, type DeviceFacts } from '../../../src/runtime/engine/devicePlan.ts';
import { graphicsAdapter } from '../../../src/runtime/engine/graphicsAdapter.ts';

const large = 5 * acceleratorPaysBytes;
const linux: DeviceFacts = {
  wanted: 'auto',
  available: ['cpu', 'webgpu', 'cuda', 'tensorrt'],
  platform: 'linux',
  adapter: 'other',
  weightBytes: large,
};
const windows: DeviceFacts = { ...linux, platform: 'win32', available: ['cpu', 'dml', 'webgpu'] };
const mac: DeviceFacts = { ...linux, platform: 'darwin', available: ['cpu', 'coreml', 'webgpu'] };

const candidates = (facts: DeviceFacts): string[] => planDevice(facts).candidates.map(({ provider }) => provider);

describe('automatic choice of a device', () => {
  test('a small model stays on the CPU whatever the machine has, and the reason says its size', () => {
    for (const machine of [linux, windows, mac, { ...linux, adapter: 'nvidia' as const }]) {
      const { candidates: tried, cpuReason, warnings } = planDevice({ ...machine, weightBytes: 228e6 });
      assert.deepEqual([tried, warnings], [[], []]);
      assert.match(cpuReason, /228 MB/u);
    }
  });

  test('a large model tries the vendor’s kernels before portable ones', () => {
    assert.deepEqual(candidates({ ...linux, adapter: 'nvidia' }), ['cuda', 'webgpu']);
    assert.deepEqual(candidates(linux), ['webgpu'], 'CUDA needs an NVIDIA device');
    assert.deepEqual(candidates(windows), ['dml', 'webgpu']);
    assert.deepEqual(candidates(mac), ['webgpu'], 'Core ML only when it is named');
  });

  test('software adapters and machines without one are not tried, and the reason says which', () => {
    const software = planDevice({ ...linux, adapter: 'software' });
    assert.deepEqual([software.candidates, software.warnings], [[], []]);
    assert.match(software.cpuReason, /WebGPU: the adapter is software/u);
    const bare = planDevice({ ...linux, adapter: 'none' });
    assert.deepEqual(bare.candidates, []);
    assert.match(bare.cpuReason, /CUDA: no NVIDIA device.*DirectML: not in this build.*WebGPU: no graphics device/u);
  });

  test('every candidate has a reason that names the size and the check', () => {
    for (const { reason } of planDevice(windows).candidates) assert.match(reason, /5\.0 GB.*check run/u);
  });
});

describe('a device that was named', () => {
  test('is the only candidate, also for a small model and a software adapter', () => {
    const plan = planDevice({ ...linux, wanted: 'webgpu', adapter: 'software', weightBytes: 1e6 });
    assert.deepEqual(
      plan.candidates.map(({ provider }) => provider),
      ['webgpu'],
    );
    assert.match(plan.candidates[0]!.reason, /chosen in the settings/u);
  });

  test('and is not in the runtime becomes the CPU with a warning that names both', () => {
    const { candidates: tried, warnings, cpuReason } = planDevice({ ...linux, wanted: 'dml' });
    assert.deepEqual(tried, []);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /"dml".*cpu, webgpu, cuda;/u);
    assert.match(cpuReason, /DirectML is not available/u);
  });

  test('the CPU needs no check', () => {
    assert.deepEqual(planDevice({ ...linux, wanted: 'cpu' }), {
      candidates: [],
      warnings: [],
      cpuReason: 'chosen in the settings',
    });
  });
});

describe('graphics adapter', () => {
  const adapter = (files: string[], env: NodeJS.ProcessEnv = {}, platform: NodeJS.Platform = 'linux') =>
    graphicsAdapter({
      platform,
      env,
      exists: (file) => files.includes(file),
      list: (folder) => files.filter((file) => file.startsWith(`${folder}/`)).map((file) => file.split('/').at(-1)!),
    });

  test('is found by what its driver leaves in the file system', () => {
    assert.equal(adapter([]), 'none');
    assert.equal(adapter(['/dev/dri/card0']), 'none', 'a display without a render node computes nothing');
    assert.equal(adapter(['/dev/dri/renderD128']), 'other');
    assert.equal(adapter(['/dev/dxg']), 'other');
    assert.equal(adapter(['/dev/dri/renderD128', '/dev/nvidia0']), 'nvidia');
    assert.equal(adapter([], {}, 'darwin'), 'other');
  });

  test('is software when the Vulkan loader is told to see nothing else', () => {
    const swiftshader = '/usr/lib/chromium/vk_swiftshader_icd.json';
    assert.equal(adapter(['/dev/dri/renderD128'], { VK_DRIVER_FILES: swiftshader }), 'software');
    assert.equal(adapter([], { VK_ICD_FILENAMES: '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json' }), 'software');
    const both = `${swiftshader}:/usr/share/vulkan/icd.d/radeon_icd.json`;
    assert.equal(adapter(['/dev/dri/renderD128'], { VK_DRIVER_FILES: both }), 'other');
  });
});
