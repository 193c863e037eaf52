import { formatBytes } from '../memory/bytes.ts';
import type { ExecutionProvider } from './onnxSession.ts';

/** What the machine shows of graphics processors, without starting one. */
export type GraphicsAdapter = 'nvidia' | 'other' | 'software' | 'none';

/** Everything that the choice of a device depends on. */
export interface DeviceFacts {
  readonly wanted: ExecutionProvider | 'auto';
  /** Providers that the runtime was built with; whether one starts is known only when a session is created. */
  readonly available: readonly string[];
  readonly platform: NodeJS.Platform;
  readonly adapter: GraphicsAdapter;
  /** Bytes of the graph's weights. */
  readonly weightBytes: number;
}

type Accelerator = Exclude<ExecutionProvider, 'cpu'>;

/** What to try before the CPU, in this order, and why the CPU where nothing is to be tried. */
export interface DevicePlan {
  readonly candidates: readonly { readonly provider: Accelerator; readonly reason: string }[];
  readonly cpuReason: string;
  readonly warnings: readonly string[];
}

/**
 * Below this much weight a run on the CPU takes milliseconds, and masks and keys would travel to a GPU in every one. The
 * default model's graph is a quarter of it.
 */
export const acceleratorPaysBytes = 1e9;

const names: Readonly<Record<ExecutionProvider, string>> = {
  cpu: 'the CPU',
  cuda: 'CUDA',
  dml: 'DirectML',
  coreml: 'Core ML',
  webgpu: 'WebGPU',
};

export const deviceName = (provider: ExecutionProvider): string => names[provider];

/** Order of `auto`: a vendor's own kernels before portable ones. */
const order: readonly Accelerator[] = ['cuda', 'dml', 'webgpu', 'coreml'];

/**
 * Which devices to try for a model. Pure: what then starts and computes the same as the CPU is found by `openOnDevice`.
 * `auto` wants exact numbers first: it tries a GPU only for a model that is large enough to gain, and never a software one.
 */
export function planDevice(facts: DeviceFacts): DevicePlan {
  const { wanted, available, weightBytes } = facts;
  const plan = (cpuReason: string, more: Partial<DevicePlan> = {}): DevicePlan => ({
    candidates: [],
    warnings: [],
    cpuReason,
    ...more,
  });
  if (wanted === 'cpu') return plan('chosen in the settings');
  if (wanted !== 'auto') {
    if (available.includes(wanted)) {
      return plan(`${names[wanted]} could not be used`, {
        candidates: [{ provider: wanted, reason: 'chosen in the settings' }],
      });
    }
    const has = available.filter((name): name is ExecutionProvider => name in names).join(', ');
    return plan(`${names[wanted]} is not available`, {
      warnings: [
        `The device "${wanted}" is not part of this build of ONNX Runtime, which has ${has}; the audit ran on the CPU.`,
      ],
    });
  }
  if (weightBytes < acceleratorPaysBytes) {
    return plan(`a model of ${formatBytes(weightBytes)} gains nothing from a GPU, and the CPU is exact`);
  }
  const skipped: string[] = [];
  const candidates: { provider: Accelerator; reason: string }[] = [];
  for (const provider of order) {
    const obstacle = available.includes(provider) ? obstacleOf(provider, facts) : 'not in this build';
    if (obstacle === null) {
      candidates.push({
        provider,
        reason: `the model is large (${formatBytes(weightBytes)}), and a check run gave the CPU's numbers, faster`,
      });
    } else {
      skipped.push(`${names[provider]}: ${obstacle}`);
    }
  }
  return plan(candidates.length > 0 ? 'no GPU passed the check run' : `no GPU to use (${skipped.join('; ')})`, {
    candidates,
  });
}

/** Why `auto` does not try an available provider; null when it does. */
function obstacleOf(provider: Accelerator, { adapter, platform }: DeviceFacts): string | null {
  if (provider === 'coreml') return 'has no kernels for most of the graph and prefers float16; WebGPU runs on Metal';
  if (provider === 'cuda') return adapter === 'nvidia' ? null : 'no NVIDIA device';
  if (provider === 'dml') return platform === 'win32' ? null : 'only on Windows';
  if (adapter === 'software') return 'the adapter is software';
  return adapter === 'none' ? 'no graphics device' : null;
}
