/**
 * Writes the settings part of the extension manifest from the schemas: `node --import tsx scripts/manifest.ts`.
 * `contributes.configuration` of package.json and the `setting.*` keys of package.nls.json are replaced; a test compares
 * them with what this file would write.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import {
  auditSettingKeys,
  auditSettings,
  editorSettingKeys,
  editorSettings,
  section,
} from '../src/editor/settingKeys.ts';

export const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Schema = Readonly<Record<string, Json>>;

interface Presentation {
  readonly scope: 'machine' | 'machine-overridable' | 'resource' | 'window';
  readonly tags?: readonly string[];
  readonly enums?: Readonly<Record<string, string>>;
  /** Related settings, linked from the description. */
  readonly see?: readonly string[];
}

const severityDescriptions = {
  default: 'The severity that the finding carries.',
  error: 'Shown as an error.',
  warning: 'Shown as a warning.',
  information: 'Shown as information.',
  hint: 'Shown as a hint.',
  off: 'Not shown in the editor; the report still lists it.',
};

const presentation: Readonly<Record<string, Presentation>> = {
  model: { scope: 'machine', tags: ['usesOnlineServices'], see: ['device'] },
  device: {
    scope: 'machine-overridable',
    see: ['model'],
    enums: {
      auto: 'A GPU for large models where it computes the same numbers faster, else the CPU.',
      cpu: 'Processor.',
      webgpu: 'WebGPU.',
      cuda: 'NVIDIA CUDA.',
      dml: 'DirectML (Windows).',
      coreml: 'Core ML (macOS).',
    },
  },
  memoryLimit: { scope: 'machine', see: ['model', 'device'] },
  precision: {
    scope: 'machine',
    see: ['model'],
    enums: {
      auto: 'As they are stored: quantised weights run exactly in block kernels, float weights as float32.',
      float32: 'All as float32: the same numbers, more memory; batches of small models run faster.',
      int8: 'Float weights are rounded to 8 bits with one scale per 32 columns: a quarter of the memory.',
    },
  },
  policies: { scope: 'resource', see: ['ratios'] },
  ratios: { scope: 'resource', see: ['policies'] },
  protections: { scope: 'resource', see: ['policies'] },
  caches: { scope: 'resource', see: ['policies', 'bytes'] },
  bytes: { scope: 'resource', see: ['policies', 'caches'] },
  decode: { scope: 'resource', see: ['policies'] },
  probes: { scope: 'resource' },
  evidence: {
    scope: 'resource',
    enums: {
      retention: 'Only which entries of the cache are kept: fast, one run of the prompt.',
      loss: 'Retention, influence, loss and the answers to the probes.',
      behavior:
        'Loss, and whether sampled answers still obey the instructions that can be checked: minutes per prompt.',
    },
  },
  maxResponseTokens: { scope: 'resource' },
  'behavior.samples': { scope: 'resource' },
  'behavior.budget': { scope: 'resource' },
  'behavior.temperature': { scope: 'resource' },
  seed: { scope: 'resource' },
  'thresholds.influenceFloor': { scope: 'resource' },
  'thresholds.weakenedLoss': { scope: 'resource', see: ['thresholds.ignoredLoss'] },
  'thresholds.ignoredLoss': { scope: 'resource', see: ['thresholds.weakenedLoss'] },
  'thresholds.leak': { scope: 'resource' },
  exclude: { scope: 'resource' },
  modelFolders: { scope: 'machine', see: ['model'] },
  hubEndpoints: { scope: 'machine', tags: ['usesOnlineServices'] },
  'rules.severity': { scope: 'resource', enums: severityDescriptions },
};

const categories = [
  { title: 'model', keys: ['model', 'device', 'precision', 'memoryLimit', 'modelFolders', 'hubEndpoints'] },
  {
    title: 'audit',
    keys: [
      'policies',
      'ratios',
      'protections',
      'caches',
      'bytes',
      'decode',
      'probes',
      'evidence',
      'maxResponseTokens',
      'behavior.samples',
      'behavior.budget',
      'behavior.temperature',
      'seed',
      'exclude',
    ],
  },
  {
    title: 'findings',
    keys: [
      'thresholds.influenceFloor',
      'thresholds.weakenedLoss',
      'thresholds.ignoredLoss',
      'thresholds.leak',
      'rules.severity',
    ],
  },
];

const categoryTitles: Readonly<Record<string, string>> = { model: 'Model', audit: 'Audit', findings: 'Findings' };

/** `contributes.configuration`, and the `setting.*` entries of package.nls.json that it refers to. */
export function settingsManifest(): { configuration: Json[]; nls: Record<string, string> } {
  const nls: Record<string, string> = {};
  const localized = (key: string, text: string): string => {
    nls[key] = text;
    return `%${key}%`;
  };
  const schemas = new Map<string, Schema>([
    ...properties(auditSettings, auditSettingKeys),
    ...properties(editorSettings, editorSettingKeys),
  ]);
  const configuration = categories.map(({ title, keys }, category) => ({
    id: `${section}.${title}`,
    title: localized(`setting.category.${title}`, categoryTitles[title]!),
    order: category + 1,
    properties: Object.fromEntries(
      keys.map((key, order) => {
        const schema = schemas.get(key);
        const shown = presentation[key];
        if (schema === undefined || shown === undefined)
          throw new Error(`Setting ${key} has no schema or presentation.`);
        schemas.delete(key);
        const links = (shown.see ?? []).map((other) => `\`#${section}.${other}#\``).join(', ');
        const text = `${schema.description as string}${links === '' ? '' : ` See also ${links}.`}`;
        const { description: _, ...rest } = withEnumDescriptions(schema, shown.enums, (value, description) =>
          localized(`setting.${key}.${value}`, description),
        );
        return [
          `${section}.${key}`,
          {
            ...rest,
            markdownDescription: localized(`setting.${key}.description`, text),
            scope: shown.scope,
            order: order + 1,
            ...(shown.tags === undefined ? {} : { tags: shown.tags }),
          },
        ];
      }),
    ),
  }));
  if (schemas.size > 0) throw new Error(`Settings in no category: ${[...schemas.keys()].join(', ')}.`);
  return { configuration: JSON.parse(JSON.stringify(configuration)) as Json[], nls };
}

function properties(schema: z.ZodType, keys: Readonly<Record<string, string>>): [string, Schema][] {
  const json = z.toJSONSchema(schema, { io: 'input' }) as unknown as { properties: Record<string, Schema> };
  return Object.entries(keys).map(([field, key]) => [key, json.properties[field]!]);
}

/** Adds `enumDescriptions` to the enum of a setting, of its items, or of its properties. */
function withEnumDescriptions(
  schema: Schema,
  descriptions: Readonly<Record<string, string>> | undefined,
  localize: (value: string, text: string) => string,
): Schema {
  if (schema.enum !== undefined) {
    const values = schema.enum as string[];
    return { ...schema, enumDescriptions: values.map((value) => localize(value, described(value, descriptions))) };
  }
  if (schema.items !== undefined)
    return { ...schema, items: withEnumDescriptions(schema.items as Schema, descriptions, localize) };
  if (schema.properties !== undefined) {
    const inner = Object.entries(schema.properties as Record<string, Schema>).map(
      ([name, property]) => [name, withEnumDescriptions(property, descriptions, localize)] as const,
    );
    return { ...schema, properties: Object.fromEntries(inner) };
  }
  return schema;
}

function described(value: string, descriptions: Readonly<Record<string, string>> | undefined): string {
  const text = descriptions?.[value];
  if (text === undefined) throw new Error(`The value ${value} has no description.`);
  return text;
}

interface Manifest {
  contributes: Record<string, unknown>;
  [key: string]: unknown;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { configuration, nls } = settingsManifest();
  const manifestPath = path.join(repository, 'package.json');
  const manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as Manifest;
  manifest.contributes.configuration = configuration;
  writeFileSync(manifestPath, `${JSON.stringify(manifest, null, 2)}\n`);
  const nlsPath = path.join(repository, 'package.nls.json');
  const others = Object.entries(JSON.parse(readFileSync(nlsPath, 'utf8')) as Record<string, string>).filter(
    ([key]) => !key.startsWith('setting.'),
  );
  writeFileSync(nlsPath, `${JSON.stringify({ ...Object.fromEntries(others), ...nls }, null, 2)}\n`);
}
