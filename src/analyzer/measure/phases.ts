import type { AuditPhase } from '../outcome.ts';
import type { AuditSettings } from '../settings.ts';
import type { RowsDone } from './measuring.ts';

export type MeasureProgress = (phase: AuditPhase, fraction: number) => void;

/** Relative time of each phase of a prompt's audit, measured by `npm run bench:audit` with the default model and grid, in order. */
const phaseTimes = {
  prefill: 4,
  answers: 8,
  influence: 15,
  loss: 10,
  prescribed: 6,
  responses: 26,
  preference: 11,
  facts: 20,
  behavior: 200, // depends on the number of checks: with one about half
} as const;
export type MeasuredPhase = keyof typeof phaseTimes;

const phasesOf = ({ evidence }: AuditSettings): MeasuredPhase[] => {
  const phases = Object.keys(phaseTimes) as MeasuredPhase[];
  const highest = { retention: 'prefill', loss: 'facts', behavior: 'behavior' } as const;
  return phases.slice(0, phases.indexOf(highest[evidence]) + 1);
};

/** Runs a phase, tells its progress as a share of the prompt's audit, and adds its milliseconds to `timings`. */
export type PhaseRunner = <T>(
  phase: MeasuredPhase,
  work: (done: RowsDone) => Promise<T>,
  timing?: string,
) => Promise<T>;

export function phaseRunner(
  settings: AuditSettings,
  progress: MeasureProgress,
  timings: Record<string, number>,
): PhaseRunner {
  const phases = phasesOf(settings);
  const time = (some: readonly MeasuredPhase[]): number => some.reduce((sum, phase) => sum + phaseTimes[phase], 0);
  const whole = time(phases);
  return async (phase, work, timing = phase) => {
    const before = time(phases.slice(0, phases.indexOf(phase))) / whole;
    progress(phase, before);
    const start = performance.now();
    try {
      return await work((done, total) =>
        progress(phase, before + ((phaseTimes[phase] / whole) * done) / Math.max(1, total)),
      );
    } finally {
      timings[timing] = (timings[timing] ?? 0) + performance.now() - start;
    }
  };
}
