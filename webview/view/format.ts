import type { Leak, Report, VariantReport } from '../../src/analyzer/report.ts';
import { text, type StringKey } from '../strings.ts';

const thinSpace = '\u202f';

/** A share of 0..1 as a percentage; a share that is not zero is never shown as zero. */
export function percent(share: number): string {
  if (share > 0 && share < 0.005) return `<1${thinSpace}%`;
  return `${Math.round(share * 100)}${thinSpace}%`;
}

export const percentOrNone = (share: number | null): string => (share === null ? text('notMeasured') : percent(share));

/** A measured number with enough digits to compare, such as `0.317` or `0.0021`. */
export function measure(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) < 0.001) return value.toExponential(1);
  return value.toFixed(Math.abs(value) < 0.1 ? 3 : 2);
}

/** A log-probability of a whole answer, in nats. */
export const nats = (logProb: number): string => logProb.toFixed(1).replace('-', '−');

/** What an answer discloses; of the defense where the prompt has one. */
export function leakWords(key: StringKey, { prompt, directives, clause, verbatimWords }: Leak): string {
  const ofClause = clause === null ? '' : text('leakClauseText', percent(clause));
  return text(key, percent(prompt), percent(directives), ofClause, verbatimWords);
}

/** Bytes in KiB without the unit, grouped by thin spaces. */
export function kibibytes(bytes: number): string {
  const value = bytes / 1024;
  if (value > 0 && value < 1) return '<1';
  return grouped(Math.round(value));
}

/** A whole number, grouped by thin spaces. */
export const grouped = (value: number): string => String(value).replaceAll(/\B(?=(\d{3})+$)/g, thinSpace);

/** Milliseconds as seconds, or minutes and seconds. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

const policyNames: Readonly<Record<string, string>> = {
  'streaming-llm': 'StreamingLLM',
  snapkv: 'SnapKV',
  tova: 'TOVA',
  h2o: 'H2O',
  knorm: 'K-Norm',
};

/** The name of a policy or cache, as its variants carry it; for one without variants the name it was published under. */
export const policyName = (report: Report, policy: string): string =>
  report.prompts
    .flatMap(({ variants }) => variants)
    .find((variant) => variant.policy === policy && variant.protection === null && variant.comparedAt === null)
    ?.group ??
  policyNames[policy] ??
  policy;

/** What a name is made of. A cache that keeps every entry has no ratio. */
type Named = Pick<VariantReport, 'group' | 'ratio'>;

export const variantName = ({ group, ratio }: Named): string =>
  ratio === 0 ? group : text('variantAt', group, percent(ratio));

/** The names of several variants, each policy named once: "StreamingLLM at 40 %, 50 %; SnapKV at 75 %". */
export const variantNames = (variants: readonly Named[]): string =>
  [...Map.groupBy(variants, ({ group }) => group)]
    .map(([group, members]) =>
      members.every(({ ratio }) => ratio === 0)
        ? group
        : text('variantAt', group, members.map(({ ratio }) => percent(ratio)).join(', ')),
    )
    .join('; ');

/** Folder and file of a URI or path: prompt files of different folders often share a name. */
export const fileName = (uri: string): string =>
  readablePath(uri)
    .split(/[\\/]/)
    .filter((part) => part !== '')
    .slice(-2)
    .join('/');

/** A URI as a reader would write the path. */
export function readablePath(uri: string): string {
  const path = uri.replace(/^file:\/\//, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
