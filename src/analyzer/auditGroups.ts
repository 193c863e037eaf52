import type { audit, ModelLoader } from './audit.ts';
import type { Audit, AuditInput, AuditOutcome } from './outcome.ts';
import type { Report } from './report.ts';
import type { ResultStore } from './resultStore.ts';
import { loadSettings, type AuditSettings } from './settings.ts';

/** Prompts that are audited with the same settings. */
export interface SettingsGroup {
  readonly settings: AuditSettings;
  readonly inputs: readonly AuditInput[];
}

/** Groups prompts by the settings of their files, in the order of their first prompts. */
export function groupBySettings(
  inputs: readonly AuditInput[],
  settingsOf: (uri: string) => AuditSettings,
): SettingsGroup[] {
  const groups = new Map<string, { settings: AuditSettings; inputs: AuditInput[] }>();
  for (const input of inputs) {
    const settings = settingsOf(input.prompt.uri);
    const key = JSON.stringify(settings);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { settings, inputs: [input] });
    else group.inputs.push(input);
  }
  return [...groups.values()];
}

/** Loads the model that some settings name. */
export type SettingsLoader = (settings: AuditSettings, signal: AbortSignal) => ReturnType<ModelLoader>;

/**
 * Audits groups one after the other as one audit. The report carries the settings of the first; prompts of the others carry
 * their own. A model is loaded again only where the next group names another one. After a failure or a cancellation the rest
 * is reported as not measured.
 */
export async function* auditGroups(
  run: typeof audit,
  groups: readonly SettingsGroup[],
  loadModel: SettingsLoader,
  signal: AbortSignal,
  store?: ResultStore,
): Audit {
  let loaded: { readonly key: string; readonly model: ReturnType<ModelLoader> } | undefined;
  const loaderOf =
    (settings: AuditSettings): ModelLoader =>
    (loadSignal) => {
      const key = JSON.stringify([settings.model, loadSettings(settings)]);
      if (loaded?.key !== key) loaded = { key, model: loadModel(settings, loadSignal) };
      return loaded.model;
    };
  const outcomes: AuditOutcome[] = [];
  for (const [index, { inputs, settings }] of groups.entries()) {
    const stream = run(inputs, loaderOf(settings), settings, signal, store);
    for (;;) {
      const step = await stream.next();
      if (step.done === true) {
        outcomes.push(step.value);
        break;
      }
      yield { ...step.value, fraction: (index + step.value.fraction) / groups.length };
    }
  }
  return merged(outcomes);
}

function merged(outcomes: readonly AuditOutcome[]): AuditOutcome {
  const [first, ...rest] = outcomes;
  if (first === undefined) throw new Error('There is no group to audit.');
  if (rest.length === 0) return first;
  const worst = outcomes.find(({ status }) => status !== 'completed') ?? first;
  const reports = outcomes.map(({ report }) => report);
  const timings: Record<string, number> = {};
  for (const report of reports)
    for (const [phase, time] of Object.entries(report.timings)) timings[phase] = (timings[phase] ?? 0) + time;
  const report: Report = {
    ...first.report,
    outcome: worst.report.outcome,
    reason: worst.report.reason,
    model: reports.find(({ model }) => model !== null)?.model ?? null,
    prompts: reports.flatMap(({ prompts, settings }, i) =>
      i === 0 ? prompts : prompts.map((prompt) => ({ ...prompt, settings })),
    ),
    findings: reports.flatMap(({ findings }) => findings),
    suppressed: reports.flatMap(({ suppressed }) => suppressed),
    timings,
  };
  return { ...worst, report };
}
