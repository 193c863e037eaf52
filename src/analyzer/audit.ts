import { HoldfastError, isAbortError } from '../errors.ts';
import type { LanguageModel, ModelInfo } from '../runtime/languageModel.ts';
import { version } from '../version.ts';
import { measurePrompt } from './measure/measurePrompt.ts';
import { emptyMeasurement, type Measurement } from './measurement.ts';
import type { Audit, AuditInput, AuditOutcome, AuditPhase, AuditProgress } from './outcome.ts';
import { progressStream } from './progressStream.ts';
import { promptReport } from './promptReport.ts';
import { schemaVersion, type ModelSummary, type PromptReport, type Report, type SettingsSummary } from './report.ts';
import { noResultStore, type ResultStore } from './resultStore.ts';
import { runRules, suppressedFindings } from './rules/index.ts';
import type { AuditSettings } from './settings.ts';

/** Gets the model when the audit needs it; may load it. */
export type ModelLoader = (signal: AbortSignal) => Promise<LanguageModel>;

/** What a person reads while a phase runs. */
const phaseMessages: Record<AuditPhase, string> = {
  load: 'Loading the model',
  prefill: 'Prefilling the system prompt',
  answers: 'Answering with the full cache',
  influence: 'Measuring the influence of each instruction',
  loss: 'Measuring what compression loses',
  prescribed: 'Weighing the answers that the prompt prescribes',
  responses: 'Answering with compressed caches',
  preference: 'Comparing with the prompt without each instruction',
  behavior: 'Checking sampled answers',
  facts: 'Asking for the facts that the prompt states',
  reorder: 'Trying other orders',
};

/** Share of the progress that loading the model takes. */
const loadShare = 0.05;

/** Errors that belong to one prompt; the audit goes on with the next. Any other error ends it. */
const promptErrors: ReadonlySet<string> = new Set(['prompt-too-long', 'chat-template', 'memory-limit']);

/**
 * Audits prompts one after the other. Expected failures and cancellation are outcomes, not exceptions: the report then
 * holds what was measured, and says of every prompt whether it is measured, partial or not measured. What `store` holds of
 * the same content is taken from there.
 */
export function audit(
  inputs: readonly AuditInput[],
  loadModel: ModelLoader,
  settings: AuditSettings,
  signal: AbortSignal,
  store: ResultStore = noResultStore,
): Audit {
  return progressStream((emit) => runAudit(inputs, loadModel, settings, signal, store, emit));
}

async function runAudit(
  inputs: readonly AuditInput[],
  loadModel: ModelLoader,
  settings: AuditSettings,
  signal: AbortSignal,
  store: ResultStore,
  emit: (progress: AuditProgress) => void,
): Promise<AuditOutcome> {
  const timings: Record<string, number> = {};
  const measurements = inputs.map(({ prompt }) => emptyMeasurement(prompt, settings));
  const prompts: PromptReport[] = inputs.map((input, i) =>
    promptReport(input, measurements[i]!, settings, 'the audit has not reached it'),
  );
  let model: ModelInfo | null = null;
  let problem: unknown;
  try {
    emit({ phase: 'load', fraction: 0, message: phaseMessages.load });
    const start = performance.now();
    const loaded = await loadModel(signal);
    timings.load = performance.now() - start;
    model = loaded.info;
    const sizes = inputs.map(({ prompt }) => prompt.text.length);
    const total = Math.max(1, sum(sizes));
    for (const [index, input] of inputs.entries()) {
      const before = loadShare + ((1 - loadShare) * sum(sizes.slice(0, index))) / total;
      const share = ((1 - loadShare) * sizes[index]!) / total;
      const ofMany = inputs.length > 1 ? ` (${index + 1} of ${inputs.length})` : '';
      const earlier = await store.get(input, model, settings);
      if (earlier !== undefined) {
        prompts[index] = earlier;
        emit({ phase: 'responses', fraction: before + share, message: `Measured earlier${ofMany}`, prompt: earlier });
        continue;
      }
      const error = await auditPrompt(loaded, input, measurements[index]!, settings, signal, timings, {
        store: (report) => (prompts[index] = report),
        report: (phase, fraction) => {
          const message = `${phaseMessages[phase]}${ofMany}`;
          emit({ phase, fraction: before + share * fraction, message, prompt: prompts[index]! });
        },
      });
      problem ??= error;
      await store.put(input, model, settings, prompts[index]!);
    }
  } catch (error) {
    problem = error;
  }
  return outcomeOf(problem, { prompts, settings, model, timings }, signal);
}

interface PromptSink {
  readonly store: (report: PromptReport) => void;
  readonly report: (phase: AuditPhase, fraction: number) => void;
}

/** Measures one prompt and stores what is known after every step. Returns an error that concerns this prompt alone. */
async function auditPrompt(
  model: LanguageModel,
  input: AuditInput,
  measurement: Measurement,
  settings: AuditSettings,
  signal: AbortSignal,
  timings: Record<string, number>,
  { store, report }: PromptSink,
): Promise<unknown> {
  let lastPhase: AuditPhase | undefined;
  try {
    const progress = (phase: AuditPhase, fraction: number): void => {
      // Between two phases there is new evidence; within one only the fraction moves, but for samples, which take minutes.
      if (phase !== lastPhase || phase === 'behavior') store(promptReport(input, measurement, settings, null));
      lastPhase = phase;
      report(phase, fraction);
    };
    await measurePrompt(model, measurement, settings, signal, progress, timings);
    store(promptReport(input, measurement, settings, null));
    report('responses', 1);
    return undefined;
  } catch (error) {
    store(promptReport(input, measurement, settings, reasonOf(error, signal)));
    if (error instanceof HoldfastError && promptErrors.has(error.code)) return error;
    throw error;
  }
}

function outcomeOf(
  problem: unknown,
  done: { prompts: PromptReport[]; settings: AuditSettings; model: ModelInfo | null; timings: Record<string, number> },
  signal: AbortSignal,
): AuditOutcome {
  const { settings, timings } = done;
  const status = problem === undefined ? 'completed' : signal.aborted || isAbortError(problem) ? 'cancelled' : 'failed';
  const reason = problem === undefined ? null : reasonOf(problem, signal);
  const prompts = done.prompts.map((prompt) =>
    prompt.status === 'measured' || reason === null
      ? prompt
      : { ...prompt, statusReason: prompt.statusReason ?? reason },
  );
  const report: Report = {
    schemaVersion,
    outcome: status,
    reason,
    tool: { name: 'holdfast', version },
    settings: settingsSummary(settings),
    model: done.model === null ? null : modelSummary(done.model),
    prompts,
    findings: prompts.flatMap((prompt) => runRules(prompt, settings)),
    suppressed: prompts.flatMap((prompt) => suppressedFindings(prompt, settings)),
    timings,
  };
  if (status !== 'failed') return { status, report };
  return { status, report, error: problem instanceof Error ? problem : new Error(String(problem)) };
}

function reasonOf(problem: unknown, signal: AbortSignal): string {
  if (signal.aborted || isAbortError(problem)) return 'cancelled';
  return problem instanceof Error ? problem.message : String(problem);
}

function settingsSummary({
  model: _,
  device: __,
  memoryLimit: ___,
  precision: ____,
  ...rest
}: AuditSettings): SettingsSummary {
  return rest;
}

const modelSummary = ({
  id,
  sha256,
  architecture,
  layers,
  queryHeads,
  kvHeads,
  headDim,
  weights,
  device,
  deviceReason,
  precision,
  warnings,
}: ModelInfo): ModelSummary => ({
  id,
  sha256,
  architecture,
  layers,
  queryHeads,
  kvHeads,
  headDim,
  weights,
  device,
  deviceReason,
  precision,
  warnings: [...warnings],
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
