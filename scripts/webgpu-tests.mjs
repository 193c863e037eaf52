// `npm run test:webgpu`: audits on the CPU and on WebGPU and compares them. On Linux the GPU is Chromium's software one
// (SwiftShader), unless VK_DRIVER_FILES names another driver; elsewhere it is the machine's.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { ensureBuild, ensurePackages, root, runScript, runVisibly, SetupError } from './bootstrap.mjs';
import { ensureSwiftShader } from './debian.mjs';
import { modelPath } from './testModel.mjs';

const FOLDER = 'test/webgpu';

await runScript(async () => {
  await ensurePackages();
  await ensureBuild();
  const driver = vulkanDriver();
  const env = { HOLDFAST_MODEL: await modelPath(), ...driver };
  const tests = readdirSync(path.join(root, FOLDER)).filter((name) => name.endsWith('.test.ts'));
  const flags = ['--import', 'tsx', '--test', '--test-reporter=spec', '--test-concurrency=1', ...process.argv.slice(2)];
  return runVisibly(process.execPath, [...flags, ...tests.map((name) => `${FOLDER}/${name}`)], { env });
});

/** Both names of the variable that tells the Vulkan loader its driver: old loaders know only the second. */
function vulkanDriver() {
  if (process.platform !== 'linux' || process.env.VK_DRIVER_FILES) return {};
  try {
    const file = ensureSwiftShader((text) => process.stderr.write(`[holdfast] ${text}\n`));
    return { VK_DRIVER_FILES: file, VK_ICD_FILENAMES: file };
  } catch (error) {
    throw new SetupError(error.message, 'Or name a Vulkan driver with VK_DRIVER_FILES=PATH.');
  }
}
