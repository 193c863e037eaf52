import { Option, type Command } from 'commander';
import { z } from 'zod';
import { auditSettings, type AuditSettings } from '../analyzer/settings.ts';
import { splitExpressions } from '../cache/expression.ts';
import { HoldfastError } from '../errors.ts';

interface SettingFlag {
  readonly flag: `--${string}`;
  readonly argument: string;
  /** How the argument's text becomes the setting's value; the schema then judges it. */
  readonly read: (text: string) => unknown;
  /** Given several times, each time adds one value. */
  readonly repeats?: boolean;
}

const asText = (text: string): string => text;
const asNumber = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text));
const asList = (text: string): string[] => [...new Set(text.split(',').map((item) => item.trim()))];
const asExpressions = (text: string): string[] => [...new Set(splitExpressions(text))];
const asNumbers = (text: string): number[] => asList(text).map(asNumber);

/** One flag for every setting of an audit: a setting without a flag does not compile. */
export const settingFlags: { readonly [Key in keyof AuditSettings]: SettingFlag } = {
  model: { flag: '--model', argument: '<id|path>', read: asText },
  policies: { flag: '--policy', argument: '<a,b>', read: asExpressions },
  ratios: { flag: '--ratio', argument: '<0.25,0.5>', read: asNumbers },
  protections: { flag: '--protection', argument: '<a,b>', read: asExpressions },
  caches: { flag: '--kv-cache', argument: '<a,b>', read: asExpressions },
  bytes: { flag: '--bytes', argument: '<25%,2MB>', read: asList },
  decode: { flag: '--decode', argument: '<policy>', read: asText },
  probes: { flag: '--probe', argument: '<text>', read: asText, repeats: true },
  evidence: { flag: '--evidence', argument: '<level>', read: asText },
  influenceFloor: { flag: '--influence-floor', argument: '<nats>', read: asNumber },
  ignoredLoss: { flag: '--ignored-loss', argument: '<share>', read: asNumber },
  weakenedLoss: { flag: '--weakened-loss', argument: '<share>', read: asNumber },
  leakThreshold: { flag: '--leak-threshold', argument: '<share>', read: asNumber },
  maxResponseTokens: { flag: '--max-response-tokens', argument: '<n>', read: asNumber },
  samples: { flag: '--samples', argument: '<n>', read: asNumber },
  sampleBudget: { flag: '--sample-budget', argument: '<n>', read: asNumber },
  temperature: { flag: '--temperature', argument: '<t>', read: asNumber },
  device: { flag: '--device', argument: '<device>', read: asText },
  precision: { flag: '--precision', argument: '<precision>', read: asText },
  memoryLimit: { flag: '--memory-limit', argument: '<4GB|60%>', read: asText },
  seed: { flag: '--seed', argument: '<n>', read: asNumber },
};

type Key = keyof AuditSettings;
const keys = Object.keys(settingFlags) as Key[];

interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly items?: JsonSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly description?: string;
  readonly examples?: readonly string[];
  readonly default?: unknown;
}

const schemas = z.toJSONSchema(auditSettings, { io: 'input' }).properties as unknown as Record<Key, JsonSchema>;

/** What a setting accepts, in words, from its schema. */
function allowed(schema: JsonSchema): string {
  if (schema.items !== undefined) return `a list of: ${schema.items.description ?? allowed(schema.items)}`;
  if (schema.enum !== undefined) return schema.enum.join(', ');
  if (schema.examples !== undefined) return `text such as ${schema.examples.join(', ')}`;
  if (schema.type !== 'number' && schema.type !== 'integer') return 'text';
  const bounds = [
    schema.minimum === undefined ? '' : `at least ${schema.minimum}`,
    schema.exclusiveMinimum === undefined ? '' : `greater than ${schema.exclusiveMinimum}`,
    // Integers carry the largest safe one, which helps nobody.
    schema.maximum === undefined || schema.maximum === Number.MAX_SAFE_INTEGER ? '' : `at most ${schema.maximum}`,
    schema.exclusiveMaximum === undefined ? '' : `less than ${schema.exclusiveMaximum}`,
  ].filter((bound) => bound !== '');
  return `${schema.type === 'integer' ? 'a whole number' : 'a number'} ${bounds.join(' and ')}`.trimEnd();
}

function defaultText({ default: value }: JsonSchema): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(',');
  return value === '' || value === undefined ? 'the default model' : JSON.stringify(value).replaceAll('"', '');
}

/** A setting as users read it; the README's table and the help are made from this. */
export interface SettingText {
  readonly key: Key;
  readonly flag: string;
  readonly argument: string;
  readonly description: string;
  readonly allowed: string;
  readonly default: string;
}

export const settingTexts: readonly SettingText[] = keys.map((key) => ({
  key,
  flag: settingFlags[key].flag,
  argument: settingFlags[key].argument,
  // The manifest's text explains the empty default, which a command line cannot give by accident.
  description: (schemas[key].description ?? '').replace(' Empty: the default model.', ''),
  allowed: allowed(schemas[key]),
  default: defaultText(schemas[key]),
}));

/** Adds the flags of all settings to a command. */
export function addSettingFlags(command: Command): Command {
  for (const { key, flag, argument, description, allowed: values, default: standard } of settingTexts) {
    const choice = schemas[key].enum === undefined ? '' : ` One of: ${values}.`;
    const option = new Option(`${flag} ${argument}`, `${description}${choice} Default: ${standard}.`);
    if (settingFlags[key].repeats === true)
      option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
    command.addOption(option);
  }
  return command;
}

/**
 * The settings of a command line: its flags, over those of a configuration. Throws one `invalid-settings` error that names
 * every wrong flag.
 */
export function readSettings(command: Command, configured: Partial<AuditSettings> = {}): AuditSettings {
  const given = command.opts<Record<string, string | string[] | undefined>>();
  const input: Record<string, unknown> = { ...configured };
  for (const key of keys) {
    const { flag, read } = settingFlags[key];
    const value = given[camelCase(flag)];
    if (value !== undefined) input[key] = Array.isArray(value) ? value.map(read) : read(value);
  }
  const parsed = auditSettings.safeParse(input);
  if (parsed.success) return parsed.data;
  const wrong = new Set(parsed.error.issues.map(({ path }) => path[0] as Key));
  const lines = [...wrong].map((key) => {
    const { flag } = settingFlags[key];
    const reasons = parsed.error.issues.filter(({ path, code }) => path[0] === key && code === 'custom');
    const expected = reasons.map(({ message }) => message).join(' ') || `expected ${allowed(schemas[key])}.`;
    return `${flag} ${JSON.stringify(given[camelCase(flag)])}: ${expected}`;
  });
  throw new HoldfastError('invalid-settings', lines.join('\n'), 'Run "holdfast audit --help" for every flag.');
}

const camelCase = (flag: string): string =>
  flag.replace(/^--/, '').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
