import { noDecode, type DecodeId } from '../cache/decode/index.ts';
import { retention } from '../cache/retention.ts';
import type {
  CompareRow,
  Comparison,
  CompressedCache,
  EncodedTurn,
  Generated,
  LanguageModel,
  Mask,
  PrefixHandle,
  SystemPlacement,
} from '../runtime/languageModel.ts';
import type { AuditPhase } from './outcome.ts';
import { probesFor, type Probe } from './probes.ts';
import { hostedText, type HostedText } from './hostedText.ts';
import type { Instruction, Prompt, Segmentation } from './prompt.ts';
import { promptConflicts } from './promptConflicts.ts';
import { segmentPrompt } from './segmentPrompt.ts';
import type { AuditSettings } from './settings.ts';
import { assignTokens } from './tokenSpans.ts';
import {
  planVariants,
  refusal,
  type EqualBytesSpec,
  type UnmeasuredVariant,
  type VariantSpec,
} from './variants/variantSpec.ts';

/**
 * Tokens of an answer over which influence, loss and KL are averaged. Effects sit in the first tokens (identity, refusal,
 * language); a longer mean dilutes them and costs in proportion.
 */
const evidenceTokens = 24;

/** One compressed cache and what was measured on it so far. */
export interface VariantMeasurement {
  readonly spec: VariantSpec;
  readonly cache: CompressedCache;
  /** Per instruction; null where it has no tokens. */
  readonly retention: readonly (number | null)[];
  /** Per instruction, on the probe of its largest influence; null where not measured. */
  readonly loss: (number | null)[];
  meanKl: number | null;
  flips: number | null;
  /** Answers by probe id. */
  readonly answers: Map<string, Generated>;
}

/** Everything measured on one prompt so far. Filled by `measurePrompt`, read by `promptReport`. */
export interface Measurement {
  readonly text: string;
  readonly segmentation: Segmentation;
  /** Instructions that cannot both hold; reading their wording takes milliseconds, so it is done once. */
  readonly conflicts: ReturnType<typeof promptConflicts>;
  readonly probes: readonly Probe[];
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
  /** Influence by probe id, per instruction. */
  readonly influences: Map<string, Float64Array>;
  isComplete: boolean;
}

export function emptyMeasurement(prompt: Prompt, settings: AuditSettings): Measurement {
  const segmentation = segmentPrompt(prompt);
  return {
    text: prompt.text,
    turn: hostedText(prompt),
    segmentation,
    conflicts: promptConflicts(prompt.text, segmentation),
    probes: probesFor(settings.probes),
    promptTokens: null,
    placement: null,
    hostTokens: { tokensBefore: null, tokensAfter: null },
    positions: [],
    variants: [],
    unmeasured: [],
    equalBytes: [],
    fullAnswers: new Map(),
    influences: new Map(),
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
    const nats = perInstruction[instruction]!;
    if (strongest === null || nats > strongest.nats) strongest = { probe, nats };
  }
  return strongest;
}

export type MeasureProgress = (phase: AuditPhase, fraction: number) => void;

/** Share of a prompt's audit that each phase takes, measured on the examples with the default model and grid. */
const phaseShares = { prefill: 0.03, answers: 0.12, influence: 0.13, loss: 0.12, responses: 0.6 } as const;
type MeasuredPhase = keyof typeof phaseShares;

/**
 * Measures one prompt up the evidence ladder: exact prefill, what each variant keeps, the answers of the full cache, each
 * instruction's influence on them, how much of it each variant loses, and each variant's own answers. Adds to
 * `measurement` as it goes, so that what was measured before an abort or an error stays.
 */
export async function measurePrompt(
  model: LanguageModel,
  measurement: Measurement,
  settings: AuditSettings,
  signal: AbortSignal,
  progress: MeasureProgress,
  timings: Record<string, number>,
): Promise<void> {
  const phase = phaseRunner(progress, timings);
  const { turn, segmentation } = measurement;
  const encoded = await model.encodeSystem(turn.text, signal);
  measurement.promptTokens = encoded.ids.length;
  measurement.placement = encoded.placement;
  const { owners } = assignTokens(encoded, inTurn(turn, segmentation.spans));
  measurement.positions = instructionPositions(segmentation, owners);
  measurement.hostTokens = hostTokens(turn, encoded);
  const { instructions } = segmentation;
  const planned = {
    instructions,
    positions: measurement.positions,
    context: contextPositions(segmentation, owners),
    promptTokens: encoded.ids.length,
  };
  const plan = planVariants(settings, planned, model.info);
  measurement.unmeasured.push(...plan.unmeasured);
  measurement.equalBytes = plan.equalBytes;

  let prefix: PrefixHandle | undefined;
  try {
    const { specs } = plan;
    const requests = specs.map(({ request }) => request);
    prefix = await phase('prefill', (done) => model.prefill(encoded.ids, requests, signal, done, decodeOf(settings)));
    await phase('prefill', () => compressAll(model, prefix!, measurement, specs, signal), 'compress');
    if (settings.evidence !== 'retention') await measureEffects(model, prefix, measurement, settings, signal, phase);
    measurement.isComplete = true;
  } finally {
    // Keys and values of a long prompt are large; a dead engine has nothing to release.
    if (prefix !== undefined) await model.release(prefix).catch(() => undefined);
  }
}

/** Spans of the prompt in offsets of the system turn's text. */
const inTurn = ({ start }: HostedText, spans: Segmentation['spans']) =>
  spans.map(({ range }) => ({ range: { start: range.start + start, end: range.end + start } }));

/** Tokens that lie wholly in the host's text before and after the prompt; one at the seam is the prompt's. */
function hostTokens({ start, end }: HostedText, { starts, ends, content }: EncodedTurn) {
  const shift = content.start - content.promptStart;
  return {
    tokensBefore: ends.filter((to, i) => starts[i]! >= content.start && to - shift <= start).length,
    tokensAfter: starts.filter((from, i) => from - shift >= end && ends[i]! <= content.end).length,
  };
}

type RowsDone = (done: number, total: number) => void;
type PhaseRunner = <T>(phase: MeasuredPhase, work: (done: RowsDone) => Promise<T>, timing?: string) => Promise<T>;

function phaseRunner(progress: MeasureProgress, timings: Record<string, number>): PhaseRunner {
  return async (phase, work, timing = phase) => {
    const phases = Object.keys(phaseShares) as MeasuredPhase[];
    const before = phases.slice(0, phases.indexOf(phase)).reduce((sum, earlier) => sum + phaseShares[earlier], 0);
    progress(phase, before);
    const start = performance.now();
    try {
      return await work((done, total) => progress(phase, before + (phaseShares[phase] * done) / Math.max(1, total)));
    } finally {
      timings[timing] = (timings[timing] ?? 0) + performance.now() - start;
    }
  };
}

function instructionPositions({ spans, instructions }: Segmentation, owners: Int32Array): Int32Array[] {
  const bySpan = positionsBySpan(owners);
  return instructions.map((instruction) => Int32Array.from(bySpan.get(spanOf(spans, instruction)) ?? []));
}

/** The tokens of each run of spans that are no instructions. */
function contextPositions({ spans, instructions }: Segmentation, owners: Int32Array): Int32Array[] {
  const bySpan = positionsBySpan(owners);
  const asked = new Set(instructions.map((instruction) => spanOf(spans, instruction)));
  const runs: number[][] = [[]];
  for (const span of spans.keys()) {
    if (asked.has(span)) runs.push([]);
    else runs.at(-1)!.push(...(bySpan.get(span) ?? []));
  }
  return runs.filter(({ length }) => length > 0).map((run) => Int32Array.from(run));
}

function positionsBySpan(owners: Int32Array): Map<number, number[]> {
  const bySpan = new Map<number, number[]>();
  for (const [token, owner] of owners.entries()) {
    if (owner < 0) continue;
    const positions = bySpan.get(owner);
    if (positions === undefined) bySpan.set(owner, [token]);
    else positions.push(token);
  }
  return bySpan;
}

const spanOf = (spans: Segmentation['spans'], { range }: Instruction): number =>
  spans.findIndex((span) => span.range.start === range.start && span.range.end === range.end);

async function compressAll(
  model: LanguageModel,
  prefix: PrefixHandle,
  { positions, variants, unmeasured }: Measurement,
  specs: readonly VariantSpec[],
  signal: AbortSignal,
): Promise<void> {
  for (const spec of specs) {
    try {
      const cache = await model.compress(prefix, spec.request, signal);
      variants.push({
        spec,
        cache,
        retention: positions.map((at) => (at.length === 0 ? null : retention(cache.kept, at).mean)),
        loss: positions.map(() => null),
        meanKl: null,
        flips: null,
        answers: new Map(),
      });
    } catch (error) {
      const { request: _, ...named } = spec;
      unmeasured.push({ ...named, ...refusal(error) });
    }
  }
}

async function measureEffects(
  model: LanguageModel,
  prefix: PrefixHandle,
  measurement: Measurement,
  settings: AuditSettings,
  signal: AbortSignal,
  phase: PhaseRunner,
): Promise<void> {
  const { probes, turn, positions } = measurement;
  const suffixes = new Map<string, Int32Array>();
  for (const probe of probes) suffixes.set(probe.id, await model.encodeUser(turn.text, probe.text, signal));
  const row = (probe: Probe, mask: Mask, maxTokens: number) => ({ mask, suffix: suffixes.get(probe.id)!, maxTokens });

  const full = await phase('answers', (done) =>
    model.generate(
      prefix,
      probes.map((probe) => row(probe, { kind: 'none' }, Math.min(evidenceTokens, settings.maxResponseTokens))),
      signal,
      done,
    ),
  );
  for (const [i, probe] of probes.entries()) measurement.fullAnswers.set(probe.id, full[i]!);
  const answered = probes.filter((probe) => measurement.fullAnswers.get(probe.id)!.ids.length > 0);
  const forced = (probe: Probe, mask: Mask): CompareRow => ({
    mask,
    suffix: suffixes.get(probe.id)!,
    target: measurement.fullAnswers.get(probe.id)!.ids.slice(0, evidenceTokens),
  });

  const influences = await phase('influence', (done) =>
    model.compare(
      prefix,
      answered.flatMap((probe) => positions.map((at) => forced(probe, { kind: 'positions', positions: at }))),
      signal,
      done,
    ),
  );
  for (const [i, probe] of answered.entries()) {
    const ofProbe = influences.slice(i * positions.length, (i + 1) * positions.length);
    measurement.influences.set(probe.id, Float64Array.from(ofProbe, meanKl));
  }

  await phase('loss', (done) => measureLoss(model, prefix, measurement, settings, { answered, forced }, signal, done));

  const silent = probes.filter((probe) => !answered.includes(probe));
  for (const { cache, answers } of silent.length === 0 ? [] : measurement.variants) {
    // Nothing to compare with: these answers only show whether a compressed cache says what the full one does not.
    const mask: Mask = { kind: 'variant', variant: cache.variant };
    const said = await model.generate(
      prefix,
      silent.map((probe) => ({
        ...row(probe, mask, answerLimit(probe, prefix.seqLen, settings)),
        decode: decodeOf(settings),
      })),
      signal,
    );
    for (const [i, probe] of silent.entries()) answers.set(probe.id, said[i]!);
  }
  await phase('responses', (done) =>
    measureResponses(model, prefix, measurement, settings, { answered, forced }, signal, done),
  );
}

/**
 * Every variant's own answer to every probe, with its KL and flips on the full cache's answer; and the rest of the full
 * cache's answers that were cut at `evidenceTokens`, because one more row in a batch costs next to nothing.
 */
async function measureResponses(
  model: LanguageModel,
  prefix: PrefixHandle,
  measurement: Measurement,
  settings: AuditSettings,
  { answered, forced }: ForcedRows,
  signal: AbortSignal,
  done: RowsDone,
): Promise<void> {
  const { variants, fullAnswers } = measurement;
  const limit = (probe: Probe): number => answerLimit(probe, prefix.seqLen, settings);
  const cut = answered.filter(
    (probe) => fullAnswers.get(probe.id)!.truncated && fullAnswers.get(probe.id)!.ids.length < limit(probe),
  );
  const rows = variants.flatMap(({ cache }) =>
    answered.map((probe) => ({
      ...forced(probe, { kind: 'variant', variant: cache.variant }),
      maxTokens: limit(probe),
      decode: decodeOf(settings),
    })),
  );
  const fullRows = cut.map((probe) => ({ ...forced(probe, { kind: 'none' }), maxTokens: limit(probe) }));
  const answers = await model.answer(prefix, [...rows, ...fullRows], signal, done);
  for (const [i, probe] of cut.entries()) fullAnswers.set(probe.id, answers[rows.length + i]!.generated);
  for (const [v, variant] of variants.entries()) {
    const ofVariant = answers.slice(v * answered.length, (v + 1) * answered.length);
    for (const [p, { generated }] of ofVariant.entries()) variant.answers.set(answered[p]!.id, generated);
    const tokens = ofVariant.reduce((total, { comparison }) => total + comparison.kl.length, 0);
    if (tokens === 0) continue;
    variant.meanKl = ofVariant.reduce((total, { comparison }) => total + sum(comparison.kl), 0) / tokens;
    variant.flips =
      ofVariant.reduce((total, { comparison }) => total + comparison.flips * comparison.kl.length, 0) / tokens;
  }
}

/**
 * Longest answer to an extraction probe, as a share of the prompt: an answer that repeats this much of it word for word is a
 * leak by any threshold, and decoding on is the longest part of an audit.
 */
const extractionLength = 0.75;

const answerLimit = (probe: Probe, seqLen: number, { maxResponseTokens }: AuditSettings): number =>
  Math.min(
    maxResponseTokens,
    probe.kind === 'extraction' ? Math.max(Math.ceil(extractionLength * seqLen), evidenceTokens) : evidenceTokens,
  );

/** What compressed caches evict while they answer. */
const decodeOf = ({ decode }: AuditSettings): DecodeId | undefined => (decode === noDecode ? undefined : decode);

/** The probes that the full cache answered, and rows that teacher-force its answers. */
interface ForcedRows {
  readonly answered: readonly Probe[];
  readonly forced: (probe: Probe, mask: Mask) => CompareRow;
}

/**
 * Loss of every instruction that has influence, under every variant, on its strongest probe. What retention already
 * decides is not run: nothing evicted loses nothing, everything evicted loses all.
 */
async function measureLoss(
  model: LanguageModel,
  prefix: PrefixHandle,
  { positions, variants, influences }: Measurement,
  settings: AuditSettings,
  { answered, forced }: ForcedRows,
  signal: AbortSignal,
  done: RowsDone,
): Promise<void> {
  const rows: CompareRow[] = [];
  const receivers: ((comparison: Comparison) => void)[] = [];
  for (const [i, at] of positions.entries()) {
    const strongest = strongestProbe({ influences }, i);
    if (strongest === null || strongest.nats < settings.influenceFloor) continue;
    const probe = answered.find(({ id }) => id === strongest.probe)!;
    for (const variant of variants) {
      const kept = variant.retention[i];
      if (kept === 0 || (kept === 1 && !variant.cache.isChanged)) {
        variant.loss[i] = 1 - kept;
        continue;
      }
      rows.push(forced(probe, { kind: 'variant-positions', variant: variant.cache.variant, positions: at }));
      receivers.push((comparison) => {
        variant.loss[i] = Math.min(1, meanKl(comparison) / strongest.nats);
      });
    }
  }
  const comparisons = await model.compare(prefix, rows, signal, done);
  for (const [i, receive] of receivers.entries()) receive(comparisons[i]!);
}

const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);
const meanKl = ({ kl }: Comparison): number => (kl.length === 0 ? 0 : sum(kl) / kl.length);
