import type { z } from 'zod';
import { HoldfastError } from '../errors.ts';
import type { AuditSettings } from '../analyzer/settings.ts';
import {
  auditSettingKeys,
  auditSettings,
  editorSettingKeys,
  editorSettings,
  section,
  type EditorSettings,
} from './settingKeys.ts';

/** Reads one value below `holdfast.`; `undefined` when it is not set anywhere. */
export type SettingReader = (key: string) => unknown;

/** The audit settings of one resource. Throws `HoldfastError` 'invalid-settings' that names the setting. */
export function readAuditSettings(read: SettingReader): AuditSettings {
  return readAll(auditSettings, auditSettingKeys, read);
}

/** The editor settings of one resource. Throws `HoldfastError` 'invalid-settings' that names the setting. */
export function readEditorSettings(read: SettingReader): EditorSettings {
  return readAll(editorSettings, editorSettingKeys, read);
}

function readAll<T>(schema: z.ZodType<T>, keys: Readonly<Record<string, string>>, read: SettingReader): T {
  const values = Object.fromEntries(
    Object.entries(keys)
      .map(([field, key]) => [field, read(key)] as const)
      .filter(([, value]) => value !== undefined && value !== null),
  );
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const [field, ...rest] = issue.path;
  const key = `${section}.${keys[String(field)] ?? String(field)}`;
  const place = rest.length === 0 ? key : `${key} (${rest.join('.')})`;
  throw new HoldfastError('invalid-settings', `Setting ${place}: ${issue.message}.`, `Correct ${key} in the settings.`);
}
