import type { Comparison, CompressedCache, Generated, SystemPlacement } from '../runtime/languageModel.ts';
import type { BoundCheck } from './checks/check.ts';
import type { PassRate } from './evidence/passRate.ts';
import type { PrescribedArms } from './evidence/prescribedAnswer.ts';
import type { FactStatement } from './facts/factStatement.ts';
import { promptFacts, type PromptFact } from './facts/promptFacts.ts';
import { hostedText, type HostedText } from './hostedText.ts';
import { instructionProbes, type InstructionProbe } from './probes/index.ts';
import { prescribedAnswers, type PrescribedAnswer } from './prescribed/index.ts';
import type { Prompt, Segmentation } from './prompt.ts';
import { promptConflicts } from './promptConflicts.ts';
import { segmentPrompt } from './segmentPrompt.ts';
import type { AuditSettings } from './settings.ts';
import type { EqualBytesSpec, UnmeasuredVariant, VariantSpec } from './variants/variantSpec.ts';

/** One compressed cache and what was measured on it so far. */
export interface VariantMeasurement {
  readonly spec: VariantSpec;
  readonly cache: CompressedCache;
  /** Per instruction; null where it has no tokens. */
  readonly retention: readonly (number | null)[];
  /** Per instruction, on the probe of its largest influence; null where not measured. */
  readonly loss: (number | null)[];
  /** What is left of the preference for the answer that it brings about, per instruction; null where there is none. */
  readonly preference: (number | null)[];
  /** Share of the distance from the full cache that restoring its entries mends, per instruction; null where not measured. */
  readonly rescue: (number | null)[];
  /** Answers by probe id. */
  readonly answers: Map<string, Generated>;
  /** How it differs from the full cache on the full cache's answers, by probe id. */
  readonly comparisons: Map<string, Comparison>;
  /** Log-probability of the answer that an instruction prescribes, nats, by the instruction's index. */
  readonly prescribed: Map<number, number>;
  /** What it makes of the facts that it was asked for, by fact id. */
  readonly facts: Map<string, FactStatement>;
}

/** A check that an instruction asks for, and how often answers pass it. */
export interface CheckMeasurement {
  readonly instruction: number;
  readonly check: BoundCheck;
  /** Id of the probe whose answers are checked; null where none brings the instruction about. */
  readonly probe: string | null;
  full: PassRate | null;
  /** Without the instruction in the prompt. */
  deleted: PassRate | null;
  /** By index of the variant. */
  readonly compressed: Map<number, PassRate>;
}

/** Everything measured on one prompt so far. Filled by `measurePrompt`, read by `promptReport`. */
export interface Measurement {
  readonly text: string;
  readonly segmentation: Segmentation;
  /** Instructions that cannot both hold; reading their wording takes milliseconds, so it is done once. */
  readonly conflicts: ReturnType<typeof promptConflicts>;
  readonly probes: readonly InstructionProbe[];
  readonly prescribed: readonly PrescribedAnswer[];
  readonly facts: readonly PromptFact[];
  /** What the full cache makes of the facts that it was asked for, by fact id. */
  readonly fullFacts: Map<string, FactStatement>;
  /** The text of the system turn: the prompt with its host. */
  readonly turn: HostedText;
  promptTokens: number | null;
  /** Where the chat template puts the prompt; null before it was encoded. */
  placement: SystemPlacement | null;
  /** Tokens of the host; null before the prompt was encoded. */
  hostTokens: { tokensBefore: number | null; tokensAfter: number | null };
  /** Token positions of each instruction, [instructions]; empty where it has none. */
  positions: Int32Array[];
  readonly variants: VariantMeasurement[];
  /** Variants that were asked for and cannot be measured on this prompt. */
  readonly unmeasured: UnmeasuredVariant[];
  equalBytes: readonly EqualBytesSpec[];
  /** Answers of the full cache by probe id. */
  readonly fullAnswers: Map<string, Generated>;
  /**
   * KL(full || instruction masked) of each token of the full cache's answer, nats: by probe id, [instructions][tokens].
   * Null where the probe is not for the instruction.
   */
  readonly influences: Map<string, readonly (Float32Array | null)[]>;
  /** Largest influence of sentences that ask for nothing, nats per token, by probe id. */
  readonly noise: Map<string, number>;
  /** Empty below the evidence of behaviour. */
  checks: readonly CheckMeasurement[];
  /** What the full cache makes of prescribed answers, by the instruction's index. */
  readonly prescribedArms: Map<number, PrescribedArms>;
  isComplete: boolean;
}

export function emptyMeasurement(prompt: Prompt, settings: AuditSettings): Measurement {
  const segmentation = segmentPrompt(prompt);
  return {
    text: prompt.text,
    turn: hostedText(prompt),
    segmentation,
    conflicts: promptConflicts(prompt.text, segmentation),
    probes: instructionProbes(prompt, segmentation, settings.probes),
    prescribed: prescribedAnswers(prompt, segmentation),
    facts: promptFacts(prompt, segmentation),
    fullFacts: new Map(),
    promptTokens: null,
    placement: null,
    hostTokens: { tokensBefore: null, tokensAfter: null },
    positions: [],
    variants: [],
    unmeasured: [],
    equalBytes: [],
    fullAnswers: new Map(),
    influences: new Map(),
    noise: new Map(),
    checks: [],
    prescribedArms: new Map(),
    isComplete: false,
  };
}

/** The probe under which an instruction matters most; null before any was measured. */
export function strongestProbe(
  { influences }: Pick<Measurement, 'influences'>,
  instruction: number,
): { probe: string; nats: number } | null {
  let strongest: { probe: string; nats: number } | null = null;
  for (const [probe, perInstruction] of influences) {
    const profile = perInstruction[instruction] ?? null;
    if (profile === null) continue;
    const nats = mean(profile);
    if (strongest === null || nats > strongest.nats) strongest = { probe, nats };
  }
  return strongest;
}

/** Influence below this is noise: what was set, or what sentences that ask for nothing reach under this probe. */
export const floorOf = (
  { noise }: Pick<Measurement, 'noise'>,
  probe: string | undefined,
  { influenceFloor }: Pick<AuditSettings, 'influenceFloor'>,
): number => Math.max(influenceFloor, probe === undefined ? 0 : (noise.get(probe) ?? 0));

/** The strongest probe of an instruction that has influence; null where all of it is noise, or none was measured. */
export function influentialProbe(
  measurement: Pick<Measurement, 'influences' | 'noise'>,
  instruction: number,
  settings: Pick<AuditSettings, 'influenceFloor'>,
): { probe: string; nats: number } | null {
  const strongest = strongestProbe(measurement, instruction);
  return strongest === null || strongest.nats < floorOf(measurement, strongest.probe, settings) ? null : strongest;
}

/** Mean over the tokens of an answer; 0 without tokens. */
export const mean = (values: Float32Array): number => (values.length === 0 ? 0 : sum(values) / values.length);

export const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);
