import { existsSync, readdirSync } from 'node:fs';
import type { GraphicsAdapter } from './devicePlan.ts';

export interface AdapterPorts {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  readonly exists: (file: string) => boolean;
  /** Names in a folder; none when there is no such folder. */
  readonly list: (folder: string) => string[];
}

const thisMachine: AdapterPorts = {
  platform: process.platform,
  env: process.env,
  exists: existsSync,
  list: (folder) => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  },
};

/** Vulkan drivers that compute on the CPU. */
const softwareDrivers = /swiftshader|lvp_icd|lavapipe/iu;

/**
 * Which kind of graphics processor this machine has, from what its driver leaves in the file system. On Windows and macOS
 * there is always one; whether it is worth using is then decided by the check run, which is timed.
 */
export function graphicsAdapter({ platform, env, exists, list }: AdapterPorts = thisMachine): GraphicsAdapter {
  // The loader looks at nothing else when one of these is set.
  const drivers = env.VK_DRIVER_FILES ?? env.VK_ICD_FILENAMES ?? '';
  if (drivers !== '' && drivers.split(':').every((driver) => softwareDrivers.test(driver))) return 'software';
  if (platform !== 'linux') return 'other';
  if (exists('/dev/nvidia0')) return 'nvidia';
  // Render nodes of the kernel's drivers; /dev/dxg is the GPU of the host under WSL.
  return list('/dev/dri').some((name) => name.startsWith('renderD')) || exists('/dev/dxg') ? 'other' : 'none';
}
