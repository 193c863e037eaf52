import type { FactVerdict } from '../facts/factVerdict.ts';
import type { FileRange, Finding, ModelSummary, PromptReport, Report, Severity, Verdict } from '../report.ts';
import { severities } from '../report.ts';
import { suppressedOf } from '../findingsOf.ts';
import { noDecode } from '../../cache/decode/index.ts';
import type { Cell } from '../rules/grid.ts';
import { isLikely } from '../rules/prescribedAnswers.ts';
import { counted, listed, percent, policyList, policyTitle, protectionTitle } from '../rules/wording.ts';

/** Digits of a hash that identify a model or a prompt on a screen. */
const shownHashDigits = 12;

export const shortHash = (hash: string): string => hash.slice(0, shownHashDigits);

/** An assumption that is only said where it is not the usual one. */
const beside = (label: string, values: readonly string[]): { label: string; value: string }[] =>
  values.length === 0 ? [] : [{ label, value: listed(values) }];

/** What every number of the report depends on, as labelled values. Unknown is said, not left out. */
export function assumptions(report: Report): { label: string; value: string }[] {
  const { model, settings } = report;
  const shape =
    model === null
      ? 'not loaded'
      : `${model.id} (sha256 ${shortHash(model.sha256)}, ${model.weights}, ${model.layers} layers x ${model.kvHeads} KV heads)`;
  return [
    { label: 'Model', value: shape },
    ...(model === null ? [] : device(model)),
    { label: 'Policies', value: policyList(settings.policies) },
    { label: 'Ratios evicted', value: listed(settings.ratios.map(percent)) },
    ...beside('Protections', settings.protections.map(protectionTitle)),
    ...beside('Other caches', settings.caches.map(policyTitle)),
    ...beside('Compared at', settings.bytes),
    ...(settings.decode === noDecode ? [] : [{ label: 'While answering', value: settings.decode }]),
    {
      label: 'Evidence',
      value: `up to ${settings.evidence}; influence floor ${settings.influenceFloor} nats per token, weakened from loss ${settings.weakenedLoss}, likely ignored from loss ${settings.ignoredLoss}, leak from recall ${settings.leakThreshold}`,
    },
    {
      label: 'Answers',
      value: `greedy, at most ${settings.maxResponseTokens} tokens, ${settings.probes.length === 0 ? 'built-in probes' : `built-in probes and ${settings.probes.length} of yours`}, seed ${settings.seed}`,
    },
    { label: 'Tool', value: `${report.tool.name} ${report.tool.version}, report schema ${report.schemaVersion}` },
  ];
}

function device({ device: name, precision, deviceReason, warnings }: ModelSummary): { label: string; value: string }[] {
  return [
    { label: 'Device', value: `${name}, ${precision}: ${deviceReason}` },
    ...warnings.map((value) => ({ label: 'Warning', value })),
  ];
}

/** True when something that was asked for was not measured. */
export function isIncomplete(report: Report): boolean {
  return report.outcome !== 'completed' || report.prompts.some(({ status }) => status !== 'measured');
}

/** One sentence on how the audit ended. Never sounds clean when something is missing. */
export function outcomeSentence(report: Report): string {
  const measured = report.prompts.filter(({ status }) => status === 'measured').length;
  const coverage = `${measured} of ${counted(report.prompts.length, 'prompt')} fully measured`;
  const because = report.reason === null ? '' : `: ${report.reason.replace(/\.$/, '')}`;
  switch (report.outcome) {
    case 'completed':
      return isIncomplete(report)
        ? `PARTIAL: ${coverage}. What was not measured is not shown as held.`
        : `Completed: ${counted(measured, 'prompt')} measured.`;
    case 'cancelled':
      return `PARTIAL, cancelled${because}. ${coverage}; what was not measured is not shown as held.`;
    case 'failed':
      return `PARTIAL, failed${because}. ${coverage}; what was not measured is not shown as held.`;
  }
}

/** `2 findings (1 error, 1 warning)`. */
export function findingCount(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'no findings';
  const parts = severities.flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [severity === 'information' ? `${count} information` : counted(count, severity)];
  });
  return `${counted(findings.length, 'finding')} (${parts.join(', ')})`;
}

/**
 * What the numbers of one prompt assume and leave out: the host around it, where a tool cuts it off, what markers take out,
 * settings of its own, and what its reading could not follow.
 */
export function circumstances(report: Report, prompt: PromptReport): string[] {
  const { host, truncations = [], notes, ignored, settings } = prompt;
  const tokens = (count: number | null): string => (count === null ? 'tokens not counted' : counted(count, 'token'));
  const suppressed = suppressedOf(report, prompt);
  return [
    ...(host === undefined
      ? []
      : [
          `Within ${host.title}: ${tokens(host.tokensBefore)} before the prompt, ${tokens(host.tokensAfter)} after it.`,
        ]),
    ...truncations.map(
      ({ tool, most, unit, range }) =>
        `${tool} reads ${most.toLocaleString('en-US')} ${unit}; what stands from line ${place(range)} on never reaches the model.`,
    ),
    ...(settings === undefined
      ? []
      : [
          `Settings of its own: ${policyList(settings.policies)} at ${listed(settings.ratios.map(percent))}, up to ${settings.evidence}.`,
        ]),
    ...(ignored === 0 ? [] : [`${counted(ignored, 'instruction')} ignored by a marker.`]),
    ...(suppressed.length === 0
      ? []
      : [`${counted(suppressed.length, 'finding')} suppressed by a marker: ${rulesWithLines(suppressed)}.`]),
    ...notes,
  ];
}

const rulesWithLines = (findings: readonly Finding[]): string =>
  findings.map(({ rule, range }) => `${rule} at line ${range.start.line + 1}`).join(', ');

/** Control characters of a prompt or an answer must not reach the terminal. */
// eslint-disable-next-line no-control-regex
export const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');

/** `3:1`, one-based as editors count. */
export function place({ start }: FileRange): string {
  return `${start.line + 1}:${start.character + 1}`;
}

/** A duration for people: tenths of a second only while they matter. */
export function seconds(milliseconds: number): string {
  return milliseconds < 10_000 ? `${(milliseconds / 1000).toFixed(1)} s` : `${Math.round(milliseconds / 1000)} s`;
}

export const verdictWords: Record<Verdict, string> = {
  held: 'held',
  weakened: 'weakened',
  evicted: 'evicted',
  ignored: 'ignored',
  inert: 'inert',
  'not-measured': 'not measured',
};

/** The word for a cell: a verdict that stands on loss alone is only likely. */
export const verdictWord = ({ verdict, measured }: Cell): string =>
  isLikely(measured) ? `likely ${verdictWords[verdict]}` : verdictWords[verdict];

export const factWords: Record<FactVerdict, string> = {
  lost: 'lost',
  unsettled: 'unsettled',
  'not-measured': 'not measured',
  stated: 'stated',
};

export const verdictMeanings: Record<Verdict, string> = {
  evicted: 'its entries are gone from the cache (retention far below the rest)',
  ignored: 'its effect on the answer is gone; likely ignored where only loss says so',
  weakened: 'part of its influence is gone',
  held: 'no change measured',
  inert: 'no influence measured with the full cache, so its loss cannot be told',
  'not-measured': 'nothing is known',
};

export const severityWords: Record<Severity, string> = {
  error: 'error',
  warning: 'warning',
  information: 'info',
  hint: 'hint',
};
