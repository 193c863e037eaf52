import type { Finding, Severity } from '../report.ts';

const gravity: Readonly<Record<Severity, number>> = { error: 0, warning: 1, information: 2, hint: 3 };

/** How likely it is that what the finding says shows in answers: certain where it was seen there, else the risk score. */
const likelihood = ({ rung, likely, evidence }: Finding): number =>
  rung === 'behavior' && !likely ? 1 : (evidence.risk ?? 0);

/** The gravest findings first: by severity, by how likely they show in answers, then in file order. */
export function ranked(findings: readonly Finding[]): Finding[] {
  return findings.toSorted(
    (a, b) =>
      gravity[a.severity] - gravity[b.severity] ||
      likelihood(b) - likelihood(a) ||
      a.range.offsets[0] - b.range.offsets[0],
  );
}
