import type { InstructionProbe } from '../probes/index.ts';
import { answeredProbes, forced, type Measuring, type RowsDone } from './measuring.ts';

/** Probes that any instruction may matter under; the others are for single instructions or kinds and asked for these only. */
const isForAll = ({ id, kind }: InstructionProbe): boolean =>
  (id === kind && kind !== 'identity') || kind === 'user' || kind === 'sample';

/** How much each instruction matters for the full cache's answers, token by token, under every probe that is for it. */
export async function measureInfluence(measuring: Measuring, done: RowsDone): Promise<void> {
  const { model, prefix, measurement, signal } = measuring;
  const { positions, influences } = measurement;
  const asked = answeredProbes(measurement).map((probe) => ({
    probe,
    instructions: [...positions.keys()].filter((index) => isForAll(probe) || probe.for.includes(index)),
  }));
  const comparisons = await model.compare(
    prefix,
    asked.flatMap(({ probe, instructions }) =>
      instructions.map((index) => forced(measuring, probe, { kind: 'positions', positions: positions[index]! })),
    ),
    signal,
    done,
  );
  let row = 0;
  for (const { probe, instructions } of asked) {
    const profiles: (Float32Array | null)[] = positions.map(() => null);
    for (const index of instructions) profiles[index] = comparisons[row++]!.kl;
    influences.set(probe.id, profiles);
  }
}
