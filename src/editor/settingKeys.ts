import { z } from 'zod';
import { ruleIds, severities } from '../analyzer/report.ts';
import { auditSettingKeys } from '../analyzer/config/settingPaths.ts';
import { auditSettings } from '../analyzer/settings.ts';

/** Section of every setting of the extension. */
export const section = 'holdfast';

/** What the editor shows and where it looks; does not change what an audit measures. */
export const editorSettings = z.strictObject({
  modelFolders: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Folders with models of your own: GGUF files, and folders with config.json and safetensors. They are listed in Select Model.',
    ),
  hubEndpoints: z
    .array(z.url({ protocol: /^https?$/ }))
    .default([])
    .describe(
      'Hugging Face Hub and mirrors to download models from, tried in turn. Empty: `HF_ENDPOINT` of the environment, else `https://huggingface.co`.',
    ),
  exclude: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Glob patterns of files that Audit Workspace leaves out, in addition to `files.exclude` and dependency folders.',
    ),
  severity: z
    .strictObject(
      Object.fromEntries(
        ruleIds.map((rule) => [rule, z.enum(['default', ...severities, 'off']).default('default')]),
      ) as Record<(typeof ruleIds)[number], z.ZodDefault<z.ZodEnum<Record<SeverityChoice, SeverityChoice>>>>,
    )
    .prefault({})
    .describe('Severity of the findings of each rule. `default` is the severity that the finding itself carries.'),
});

type SeverityChoice = 'default' | (typeof severities)[number] | 'off';
export type EditorSettings = z.infer<typeof editorSettings>;

export const editorSettingKeys = {
  modelFolders: 'modelFolders',
  hubEndpoints: 'hubEndpoints',
  exclude: 'exclude',
  severity: 'rules.severity',
} as const satisfies Record<keyof EditorSettings, string>;

export { auditSettingKeys, auditSettings };
