import type { CompareRow, Comparison } from '../../runtime/languageModel.ts';
import { influentialProbe, mean } from '../measurement.ts';
import { forced, type Measuring, type RowsDone } from './measuring.ts';

/**
 * Loss of every instruction that has influence, under every variant, on its strongest probe. What retention already
 * decides is not run: nothing evicted loses nothing, everything evicted loses all.
 */
export async function measureLoss(measuring: Measuring, done: RowsDone): Promise<void> {
  const { model, prefix, measurement, settings, signal } = measuring;
  const { probes, positions, variants } = measurement;
  const rows: CompareRow[] = [];
  const receivers: ((comparison: Comparison) => void)[] = [];
  for (const [i, at] of positions.entries()) {
    const strongest = influentialProbe(measurement, i, settings);
    if (strongest === null) continue;
    const probe = probes.find(({ id }) => id === strongest.probe)!;
    for (const variant of variants) {
      const kept = variant.retention[i];
      if (kept === 0 || (kept === 1 && !variant.cache.isChanged)) {
        variant.loss[i] = 1 - kept;
        continue;
      }
      rows.push(forced(measuring, probe, { kind: 'variant-positions', variant: variant.cache.variant, positions: at }));
      receivers.push(({ kl }) => {
        variant.loss[i] = Math.min(1, mean(kl) / strongest.nats);
      });
    }
  }
  const comparisons = await model.compare(prefix, rows, signal, done);
  for (const [i, receive] of receivers.entries()) receive(comparisons[i]!);
}
