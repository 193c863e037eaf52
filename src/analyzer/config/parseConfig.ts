import type { z } from 'zod';
import { HoldfastError } from '../../errors.ts';
import { nearest } from '../../nearest.ts';
import { LineIndex } from '../fileRanges.ts';
import type { TextRange } from '../prompt.ts';
import { plain, type DataNode, type DataResult } from '../sources/data/dataNode.ts';
import { configJsonSchema } from './configJsonSchema.ts';
import { configContent, configSchema, type ConfigContent } from './configSchema.ts';

/** What is wrong at a place of a configuration file. */
export interface ConfigProblem {
  readonly range: TextRange;
  readonly message: string;
}

/**
 * Reads a configuration file's text; `file` is how messages name it.
 * @throws {HoldfastError} `invalid-settings` that names every wrong place with line and column.
 */
export async function parseConfig(file: string, text: string): Promise<ConfigContent> {
  const read = await readConfig(file, text);
  if (!('problems' in read)) return read;
  const lines = new LineIndex(text);
  const places = read.problems.map(({ range, message }) => {
    const { line, character } = lines.positionAt(range.start);
    return `${file}:${line + 1}:${character + 1}: ${message}`;
  });
  throw new HoldfastError(
    'invalid-settings',
    places.join('\n'),
    'Correct the file; docs/config.schema.json lists every key.',
  );
}

/** The same with everything that is wrong as a value, for an editor to underline. */
export async function readConfig(
  file: string,
  text: string,
): Promise<ConfigContent | { readonly problems: readonly ConfigProblem[] }> {
  const result = await readTree(file, text);
  if (result === undefined) return configContent({});
  if ('problem' in result) {
    const { offset, problem } = result;
    return { problems: [{ range: { start: offset, end: Math.min(offset + 1, text.length) }, message: problem }] };
  }
  const parsed = configSchema.safeParse(plain(result.root));
  if (parsed.success) return configContent(parsed.data);
  return { problems: parsed.error.issues.flatMap((issue) => problemsOf(issue, result.root)) };
}

async function readTree(file: string, text: string): Promise<DataResult | undefined> {
  if (/\.json$/i.test(file)) return (await import('../sources/data/jsonData.ts')).readJson(text);
  // A YAML file of comments only says nothing, which is allowed.
  if (text.split('\n').every((line) => /^\s*(?:#|$)/.test(line))) return undefined;
  return (await import('../sources/data/yamlData.ts')).readYaml(text);
}

function problemsOf(issue: z.core.$ZodIssue, root: DataNode): ConfigProblem[] {
  const { node, schema } = locate(root, issue.path);
  if (issue.code !== 'unrecognized_keys') {
    const name = issue.path.length === 0 ? 'the file' : issue.path.join('.');
    return [{ range: node.range, message: `${name}: ${issue.message}` }];
  }
  return issue.keys.map((key) => {
    const entry = node.entries.find((each) => each.key === key);
    const meant = nearest(key, Object.keys(schema?.properties ?? {}));
    const advice = meant === undefined ? '' : `. Did you mean "${meant}"?`;
    return { range: entry?.keyRange ?? node.range, message: `unknown key "${key}"${advice}` };
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
