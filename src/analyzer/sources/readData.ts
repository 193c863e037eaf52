import { LineIndex } from '../fileRanges.ts';
import type { DataNode } from './data/dataNode.ts';
import type { Extraction, SourceFile } from './promptSource.ts';

/** The tree of a JSON or YAML file by its name; else why it is not read, with the place. */
export async function readData({ uri, text }: SourceFile): Promise<DataNode | Extraction> {
  const isJson = /\.jsonc?$/i.test(uri);
  const { readJson } = await import('./data/jsonData.ts');
  const { readYaml } = await import('./data/yamlData.ts');
  const result = await (isJson ? readJson(text) : readYaml(text));
  return 'root' in result ? result.root : unreadable(text, isJson ? 'JSON' : 'YAML', result.problem, result.offset);
}

/** A file that its format's parser refuses. */
export function unreadable(text: string, format: string, problem: string, offset: number): Extraction {
  const { line, character } = new LineIndex(text).positionAt(offset);
  return { prompts: [], reason: `it is no valid ${format}: ${problem} at ${line + 1}:${character + 1}` };
}

export const isExtraction = (value: DataNode | Extraction): value is Extraction => 'prompts' in value;
