import type { AuditSettings } from '../analyzer/settings.ts';
import type { AuditTarget } from './auditRunner.ts';

export interface SettingsGroup {
  readonly settings: AuditSettings;
  readonly targets: readonly AuditTarget[];
}

/** Splits documents by their settings: a report carries one set of settings, and folders may differ. */
export function groupBySettings(
  targets: readonly AuditTarget[],
  settingsOf: (uri: string) => AuditSettings,
): SettingsGroup[] {
  const groups = new Map<string, { settings: AuditSettings; targets: AuditTarget[] }>();
  for (const target of targets) {
    const settings = settingsOf(target.uri);
    const key = JSON.stringify(settings);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { settings, targets: [target] });
    else group.targets.push(target);
  }
  return [...groups.values()];
}
