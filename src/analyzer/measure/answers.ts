import { evidenceTokens, shownTokens, suffixOf, type Measuring, type RowsDone } from './measuring.ts';

/** The beginnings of the full cache's answers to all probes. */
export async function measureAnswers(measuring: Measuring, done: RowsDone): Promise<void> {
  const { model, prefix, measurement, settings, signal } = measuring;
  const { probes, fullAnswers } = measurement;
  const maxTokens = Math.min(shownTokens, settings.maxResponseTokens);
  const answers = await model.generate(
    prefix,
    probes.map((probe) => ({
      mask: { kind: 'none' },
      suffix: suffixOf(measuring, probe),
      maxTokens,
      comparedTokens: evidenceTokens,
    })),
    signal,
    done,
  );
  for (const [i, probe] of probes.entries()) fullAnswers.set(probe.id, answers[i]!);
}
