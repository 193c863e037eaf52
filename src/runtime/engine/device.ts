import type { ModelConfig } from '../graph/modelConfig.ts';
import { checkDifference, checkRun, checkTolerance, type CheckResult } from './deviceCheck.ts';
import { deviceName, planDevice } from './devicePlan.ts';
import { graphicsAdapter } from './graphicsAdapter.ts';
import { availableProviders, OnnxSession, type ExecutionProvider } from './onnxSession.ts';

/** Where a model runs and why, in words for the report. */
export interface Placement {
  readonly device: ExecutionProvider;
  readonly deviceReason: string;
  /** What activations are computed in. Half precision would look like an effect of compression, so no device uses it. */
  readonly precision: 'float32';
  /** Devices that were asked for or tried and not used. */
  readonly warnings: readonly string[];
}

export interface PlacedSession<Session> extends Placement {
  readonly session: Session;
}

interface Releasable {
  release(): Promise<void>;
}

/** The runtime and the machine as the choice of a device sees them; tests bring their own. */
export interface DevicePorts<Session extends Releasable> {
  readonly facts: Omit<Parameters<typeof planDevice>[0], 'wanted' | 'weightBytes'>;
  readonly open: (provider: ExecutionProvider) => Promise<Session>;
  /** The same short run on every device; `timed` adds a second one for its duration. */
  readonly check: (session: Session, timed: boolean) => Promise<CheckResult>;
}

/** The runtime's own sessions of one graph. */
export function devicePorts(modelPath: string, config: ModelConfig): DevicePorts<OnnxSession> {
  return {
    facts: { available: availableProviders(), platform: process.platform, adapter: graphicsAdapter() },
    open: (provider) => OnnxSession.create(modelPath, provider),
    check: (session, timed) => checkRun(session, config, timed),
  };
}

/**
 * Opens a graph on the best device of the plan. Every device but the CPU has to repeat a check run of the CPU within a
 * tolerance, and under `auto` faster; one that does not start, fails in the run or gives other numbers is replaced by the
 * next and in the end by the CPU, with a warning. Only one session is open at a time.
 */
export async function openOnDevice<Session extends Releasable>(
  wanted: ExecutionProvider | 'auto',
  weightBytes: number,
  ports: DevicePorts<Session>,
): Promise<PlacedSession<Session>> {
  const plan = planDevice({ ...ports.facts, wanted, weightBytes });
  const warnings = [...plan.warnings];
  let { cpuReason } = plan;
  if (plan.candidates.length > 0) {
    const timed = wanted === 'auto';
    const expected = await usingSession(ports, 'cpu', (session) => ports.check(session, timed));
    for (const { provider, reason } of plan.candidates) {
      let session: Session | null = null;
      try {
        session = await ports.open(provider);
        const actual = await ports.check(session, timed);
        const difference = checkDifference(actual, expected);
        if (difference > checkTolerance) throw new Error(otherNumbers(difference));
        if (!timed || actual.warmMs! < expected.warmMs!) {
          return { session, device: provider, deviceReason: reason, precision: 'float32', warnings };
        }
        cpuReason = `${deviceName(provider)} gave the same numbers more slowly (${milliseconds(actual)} against ${milliseconds(expected)} in the check run)`;
      } catch (error) {
        warnings.push(`The device "${provider}" was not used: ${firstLine(error)}`);
      }
      await session?.release().catch(() => undefined); // a device that failed may fail at this too
    }
  }
  const session = await ports.open('cpu');
  return { session, device: 'cpu', deviceReason: cpuReason, precision: 'float32', warnings };
}

async function usingSession<Session extends Releasable, T>(
  { open }: DevicePorts<Session>,
  provider: ExecutionProvider,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await open(provider);
  try {
    return await use(session);
  } finally {
    await session.release();
  }
}

const otherNumbers = (difference: number): string =>
  Number.isFinite(difference)
    ? `its numbers differ from the CPU's by ${(difference * 100).toPrecision(2)} %`
    : 'its numbers are not finite';
const milliseconds = ({ warmMs }: CheckResult): string => `${Math.round(warmMs!)} ms`;

/** Native errors carry a stack of the runtime's own; the first line says what happened. */
function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const line = message.split('\n')[0]!.trim();
  return /[.!]$/u.test(line) ? line : `${line}.`;
}
