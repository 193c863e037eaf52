import { z } from 'zod';
import { auditSettings, type AuditSettings } from '../settings.ts';
import { defaultExtraction } from '../sources/promptSource.ts';
import { auditSettingKeys, machineSettings } from './settingPaths.ts';

const globs = z.array(z.string().min(1));

const host = z.strictObject({
  tokensBefore: z.int().min(0).max(100_000).optional().describe('Tokens, roughly, of neutral text before the prompt.'),
  tokensAfter: z.int().min(0).max(100_000).optional().describe('The same after it.'),
  file: z
    .string()
    .min(1)
    .optional()
    .describe('A file with the real text, relative to this one; `marker` says where the prompt stands in it.'),
  marker: z
    .string()
    .min(1)
    .optional()
    .describe('Stands for the prompt in `file`. Default: {{prompt}}; without it in the file, all of it comes before.'),
});

const templates = z.strictObject({
  standInTokens: z
    .int()
    .min(0)
    .max(1000)
    .optional()
    .describe(
      `Tokens, roughly, that stand in for a variable without a sample value. Default: ${defaultExtraction.standInTokens}.`,
    ),
  branch: z
    .enum(['first', 'last', 'all'])
    .optional()
    .describe(
      'Which branch of a condition is taken: the first, the last (else), or all, one after the other. Default: first.',
    ),
  values: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Values of template variables; they win over the samples of a file.'),
});

const common = {
  host: host
    .optional()
    .describe(
      'What a tool puts around its instruction files in the system turn. It is measured around and never reported on.',
    ),
  templates: templates.optional().describe('How template variables and branches are filled in.'),
};

/** The settings as optional fields without their defaults, nested by their paths. */
function settingFields(names: readonly (keyof AuditSettings)[]): Record<string, z.ZodType> {
  const fields: Record<string, z.ZodType> = {};
  const groups = new Map<string, Record<string, z.ZodType>>();
  for (const name of names) {
    const field: z.ZodType = auditSettings.shape[name];
    const inner = field instanceof z.ZodDefault ? (field.unwrap() as z.ZodType) : field;
    const optional = inner.optional().meta({ ...field.meta() });
    const [group, key] = auditSettingKeys[name].split('.') as [string, string | undefined];
    if (key === undefined) fields[group] = optional;
    else groups.set(group, { ...groups.get(group), [key]: optional });
  }
  for (const [group, members] of groups) fields[group] = z.strictObject(members).optional();
  return fields;
}

const allSettings = Object.keys(auditSettingKeys) as (keyof AuditSettings)[];
const fileSettings = allSettings.filter((name) => !(machineSettings as readonly string[]).includes(name));

const override = z.strictObject({
  files: globs.min(1).describe('Globs relative to this file.'),
  ...settingFields(fileSettings),
  ...common,
});

/** A configuration file: what it may say. Settings have the names of the editor's without `holdfast.`. */
export const configSchema = z.strictObject({
  $schema: z.string().optional(),
  include: globs
    .optional()
    .describe('Globs, relative to this file, of files that are read as prompts whatever they are called.'),
  exclude: globs.optional().describe('Globs, relative to this file, of files that a search leaves out.'),
  ...settingFields(allSettings),
  ...common,
  overrides: z.array(override).optional().describe('Other settings for some files; later entries win.'),
});

export type HostConfig = z.infer<typeof host>;
export type TemplateConfig = z.infer<typeof templates>;

/** What a configuration file says, with settings by their names. */
export interface ConfigValues {
  readonly settings: Partial<AuditSettings>;
  readonly host: HostConfig | undefined;
  readonly templates: TemplateConfig | undefined;
}

export interface ConfigContent extends ConfigValues {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly overrides: readonly (ConfigValues & { readonly files: readonly string[] })[];
}

type Parsed = Record<string, unknown>;

/** Takes a parsed file apart. */
export function configContent(parsed: Parsed): ConfigContent {
  const overrides = (parsed.overrides ?? []) as (Parsed & { files: string[] })[];
  return {
    ...values(parsed),
    include: (parsed.include ?? []) as string[],
    exclude: (parsed.exclude ?? []) as string[],
    overrides: overrides.map((each) => ({ ...values(each), files: each.files })),
  };
}

function values(parsed: Parsed): ConfigValues {
  const settings: Record<string, unknown> = {};
  for (const name of allSettings) {
    const value = auditSettingKeys[name]
      .split('.')
      .reduce<unknown>((at, key) => (at as Parsed | undefined)?.[key], parsed);
    if (value !== undefined) settings[name] = value;
  }
  return {
    settings: settings,
    host: parsed.host as HostConfig | undefined,
    templates: parsed.templates as TemplateConfig | undefined,
  };
}
