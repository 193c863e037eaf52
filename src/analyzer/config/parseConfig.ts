import type { z } from 'zod';
import { HoldfastError } from '../../errors.ts';
import { nearest } from '../../nearest.ts';
import { LineIndex } from '../fileRanges.ts';
import { plain, type DataNode, type DataResult } from '../sources/data/dataNode.ts';
import { configJsonSchema } from './configJsonSchema.ts';
import { configContent, configSchema, type ConfigContent } from './configSchema.ts';

/**
 * Reads a configuration file's text; `file` is how messages name it.
 * @throws {HoldfastError} `invalid-settings` that names every wrong place with line and column.
 */
export async function parseConfig(file: string, text: string): Promise<ConfigContent> {
  const lines = new LineIndex(text);
  const place = (offset: number): string => {
    const { line, character } = lines.positionAt(offset);
    return `${file}:${line + 1}:${character + 1}`;
  };
  const result = await readTree(file, text);
  if (result === undefined) return configContent({});
  if ('problem' in result) throw invalid([`${place(result.offset)}: ${result.problem}`]);
  const parsed = configSchema.safeParse(plain(result.root));
  if (parsed.success) return configContent(parsed.data);
  throw invalid(parsed.error.issues.flatMap((issue) => issueLines(issue, result.root, place)));
}

async function readTree(file: string, text: string): Promise<DataResult | undefined> {
  if (/\.json$/i.test(file)) return (await import('../sources/data/jsonData.ts')).readJson(text);
  // A YAML file of comments only says nothing, which is allowed.
  if (text.split('\n').every((line) => /^\s*(?:#|$)/.test(line))) return undefined;
  return (await import('../sources/data/yamlData.ts')).readYaml(text);
}

const invalid = (lines: readonly string[]): HoldfastError =>
  new HoldfastError('invalid-settings', lines.join('\n'), 'Correct the file; docs/config.schema.json lists every key.');

function issueLines(issue: z.core.$ZodIssue, root: DataNode, place: (offset: number) => string): string[] {
  const { node, schema } = locate(root, issue.path);
  if (issue.code !== 'unrecognized_keys') {
    const name = issue.path.length === 0 ? 'the file' : issue.path.join('.');
    return [`${place(node.range.start)}: ${name}: ${issue.message}`];
  }
  return issue.keys.map((key) => {
    const entry = node.entries.find((each) => each.key === key);
    const meant = nearest(key, Object.keys(schema?.properties ?? {}));
    const advice = meant === undefined ? '' : `. Did you mean "${meant}"?`;
    return `${place(entry?.keyRange.start ?? node.range.start)}: unknown key "${key}"${advice}`;
  });
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, ObjectSchema>>;
  readonly items?: ObjectSchema;
}

/** The deepest node on the way that is there, and what the schema says about it. */
function locate(root: DataNode, path: readonly PropertyKey[]): { node: DataNode; schema: ObjectSchema | undefined } {
  let node = root;
  let schema: ObjectSchema | undefined = configJsonSchema();
  for (const key of path) {
    const inner =
      typeof key === 'number' ? node.items[key] : node.entries.findLast((entry) => entry.key === key)?.value;
    schema = typeof key === 'number' ? schema?.items : schema?.properties?.[String(key)];
    if (inner === undefined) break;
    node = inner;
  }
  return { node, schema };
}
