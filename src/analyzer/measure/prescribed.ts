import type { CompareRow, Mask } from '../../runtime/languageModel.ts';
import { isSaidUncompressed } from '../evidence/prescribedAnswer.ts';
import { sum, type Measurement } from '../measurement.ts';
import type { PrescribedAnswer } from '../prescribed/index.ts';
import type { InstructionProbe, InstructionProbeKind } from '../probes/index.ts';
import { keepsAll, suffixOf, type Measuring, type RowsDone } from './measuring.ts';

/** Probes on which one prescribed answer is tried with the full cache. */
const mostProbes = 3;

/** A prescribed answer, encoded as what the model would say. */
interface Dictated extends PrescribedAnswer {
  readonly target: Int32Array; // [tokens], without the end of the turn
}

/**
 * The log-probability of every prescribed answer as the answer to the probe that should bring it about: with the full cache, with
 * its instruction masked, and with every variant. Needs no sampling. Of several probes the one under which the full cache finds
 * the answer likeliest counts. Variants are asked only where the full cache gives the answer because of the instruction; one that
 * keeps and changes nothing equals the full cache.
 */
export async function measurePrescribed(measuring: Measuring, done: RowsDone): Promise<void> {
  const { prescribedArms } = measuring.measurement;
  const asked: { readonly dictated: Dictated; readonly probe: InstructionProbe }[] = [];
  for (const dictated of await encoded(measuring)) {
    const probe = await likeliestProbe(measuring, dictated);
    if (isSaidUncompressed(prescribedArms.get(dictated.instruction)!)) asked.push({ dictated, probe });
  }
  const rows: CompareRow[] = [];
  const receivers: ((logProb: number) => void)[] = [];
  for (const { dictated, probe } of asked) {
    const { instruction } = dictated;
    for (const { cache, prescribed } of measuring.measurement.variants) {
      if (keepsAll(cache)) {
        prescribed.set(instruction, prescribedArms.get(instruction)!.logProbFull);
        continue;
      }
      rows.push(row(measuring, dictated, probe, { kind: 'variant', variant: cache.variant }));
      receivers.push((logProb) => prescribed.set(instruction, logProb));
    }
  }
  const logProbs = await logProbsOf(measuring, rows, done);
  for (const [i, receive] of receivers.entries()) receive(logProbs[i]!);
}

/** The probe under which the full cache finds the answer likeliest; keeps what it measured there. */
async function likeliestProbe(measuring: Measuring, dictated: Dictated): Promise<InstructionProbe> {
  const { measurement } = measuring;
  const { instruction, text, target } = dictated;
  const probes = probesFor(measurement, instruction);
  const none: Mask = { kind: 'none' };
  const said = await logProbsOf(
    measuring,
    probes.map((probe) => row(measuring, dictated, probe, none)),
  );
  const likeliest = said.indexOf(Math.max(...said));
  const [probe, full] = [probes[likeliest]!, said[likeliest]!];
  const masked: Mask = { kind: 'positions', positions: measurement.positions[instruction]! };
  const [without] = await logProbsOf(measuring, [row(measuring, dictated, probe, masked)]);
  measurement.prescribedArms.set(instruction, {
    text,
    probe: probe.id,
    tokens: target.length,
    logProbFull: full,
    logProbWithout: without!,
  });
  return probe;
}

/** The prescribed answers that a probe should bring about. */
async function encoded({ model, measurement, signal }: Measuring): Promise<Dictated[]> {
  const dictated: Dictated[] = [];
  for (const answer of measurement.prescribed) {
    const hasTokens = measurement.positions[answer.instruction]!.length > 0;
    if (!hasTokens || probesFor(measurement, answer.instruction).length === 0) continue;
    const { ids } = await model.encodeAnswer(answer.text, signal);
    dictated.push({ ...answer, target: ids });
  }
  return dictated;
}

/** Extraction probes for a defense; for any other instruction the request that it forbids, or its own case. */
function probesFor({ probes, segmentation }: Measurement, instruction: number): InstructionProbe[] {
  const isDefense = segmentation.instructions[instruction]!.kind === 'defense';
  const triggers: readonly InstructionProbeKind[] = isDefense
    ? ['extraction']
    : ['forbidden', 'condition', 'extraction'];
  return probes
    .filter(({ kind, for: members }) => triggers.includes(kind) && members.includes(instruction))
    .slice(0, mostProbes);
}

const row = (measuring: Measuring, { target }: Dictated, probe: InstructionProbe, mask: Mask): CompareRow => ({
  mask,
  suffix: suffixOf(measuring, probe),
  target,
});

/** The summed log-probability of each row's target, nats. */
async function logProbsOf(
  { model, prefix, signal }: Measuring,
  rows: readonly CompareRow[],
  done?: RowsDone,
): Promise<number[]> {
  if (rows.length === 0) return [];
  const comparisons = await model.compare(prefix, rows, signal, done);
  return comparisons.map(({ logProbs }) => sum(logProbs));
}
