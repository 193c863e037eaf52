import assert from 'node:assert/strict';
import path from 'node:path';
import { fileOffsets } from '../../../src/analyzer/fileRanges.ts';
import type { MappedText, Prompt } from '../../../src/analyzer/prompt.ts';
import { extract, sourceFor, type Extraction } from '../../../src/analyzer/sources/index.ts';
import {
  defaultExtraction,
  type ExtractionOptions,
  type FileReader,
} from '../../../src/analyzer/sources/promptSource.ts';

/** Reads from a map of paths; what leads above the root is outside. */
export function memoryReader(files: Readonly<Record<string, string>>, from: string): FileReader {
  return (named) => {
    const target = path.posix.join(path.posix.dirname(from), named);
    if (target.startsWith('..')) return Promise.resolve({ reason: 'it lies outside', isOutside: true });
    const text = files[target];
    if (text === undefined) return Promise.resolve({ reason: 'there is no such file' });
    return Promise.resolve({ uri: target, text, read: memoryReader(files, target) });
  };
}

/** What the source of a path finds in a text. */
export async function extracted(
  file: string,
  text: string,
  files: Readonly<Record<string, string>> = {},
  options: Partial<ExtractionOptions> = {},
): Promise<Extraction> {
  const source = sourceFor(file);
  assert.ok(source !== undefined, `${file} belongs to no source`);
  const context = { read: memoryReader(files, file), options: { ...defaultExtraction, ...options } };
  return extract(file, text, source.id, context);
}

export async function promptsOf(...args: Parameters<typeof extracted>): Promise<readonly Prompt[]> {
  const { prompts, reason } = await extracted(...args);
  assert.equal(reason, null);
  return prompts;
}

export const texts = async (...args: Parameters<typeof extracted>): Promise<string[]> =>
  (await extracted(...args)).prompts.map(({ text }) => text);

/** The source of some words of a prompt. */
export function sourceOf(fileText: string, prompt: MappedText, words: string): string {
  const start = prompt.text.indexOf(words);
  assert.ok(start >= 0, `no "${words}" in ${JSON.stringify(prompt.text)}`);
  const range = fileOffsets(prompt, { start, end: start + words.length });
  return fileText.slice(range.start, range.end);
}

/** What holds for every prompt of every file: segments cover the text, lie in the file, and verbatim ones are its words. */
export function assertMapped(fileText: string, { text, segments }: MappedText): void {
  let end = 0;
  for (const segment of segments) {
    assert.equal(segment.text.start, end);
    assert.ok(segment.text.end > segment.text.start, 'a segment is empty');
    assert.ok(segment.file.start >= 0 && segment.file.start <= segment.file.end, 'a file range is backwards');
    assert.ok(segment.file.end <= fileText.length, 'a file range is outside of the file');
    if (segment.verbatim)
      assert.equal(
        fileText.slice(segment.file.start, segment.file.end),
        text.slice(segment.text.start, segment.text.end),
      );
    end = segment.text.end;
  }
  assert.equal(end, text.length);
  assert.ok(!text.includes('\r'), 'a carriage return is left');
}
