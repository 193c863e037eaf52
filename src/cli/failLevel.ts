import { ruleIds, severities, type Finding, type RuleId, type Severity } from '../analyzer/report.ts';
import { rule } from '../analyzer/rules/index.ts';
import { HoldfastError } from '../errors.ts';
import { nearest } from '../nearest.ts';

/** Rules whose findings make the exit code 100. */
export type FailOn = 'default' | 'none' | ReadonlySet<RuleId>;

/** Reads `--fail-on`. Throws `invalid-settings` for an unknown rule. */
export function readFailOn(text: string | undefined): FailOn {
  if (text === undefined) return 'default';
  if (text.trim() === 'none') return 'none';
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if (ruleIds.some((id) => id === name)) continue;
    const like = nearest(name, [...ruleIds, 'none']);
    throw new HoldfastError(
      'invalid-settings',
      `--fail-on: there is no rule "${name}".${like === undefined ? '' : ` Did you mean "${like}"?`}`,
      `Rules: ${ruleIds.join(', ')}; or "none".`,
    );
  }
  return new Set(names as RuleId[]);
}

const atLeast = (severity: Severity, level: Severity): boolean =>
  severities.indexOf(severity) <= severities.indexOf(level);

/**
 * True when a finding is at or above the fail level: by default warnings and errors. A rule that is named fails from
 * warning on too, so that a case which the rule itself plays down to information does not; a rule whose ordinary
 * severity is lower fails from that one on.
 */
export function fails({ rule: id, severity }: Pick<Finding, 'rule' | 'severity'>, failOn: FailOn): boolean {
  if (failOn === 'none') return false;
  if (failOn === 'default') return atLeast(severity, 'warning');
  if (!failOn.has(id)) return false;
  const ordinary = rule(id).severity;
  return atLeast(severity, atLeast(ordinary, 'warning') ? 'warning' : ordinary);
}
