import path from 'node:path';
import type { Fix } from '../analyzer/report.ts';
import { readPromptFile } from '../analyzer/sources/readPromptFile.ts';
import { HoldfastError } from '../errors.ts';
import { AtomicFile } from './atomicFile.ts';

/** The text with all edits applied; their offsets are those of the text before. */
export function applyEdits(text: string, edits: Fix['edits']): string {
  return edits
    .toSorted((a, b) => b.range.offsets[0] - a.range.offsets[0])
    .reduce(
      (done, { range: { offsets }, newText }) => done.slice(0, offsets[0]) + newText + done.slice(offsets[1]),
      text,
    );
}

/** Replaces a file whose text is still `before`. Throws `file-changed` when somebody wrote to it meanwhile. */
export async function replaceIfUnchanged(file: string, before: string, after: string, cwd: string): Promise<void> {
  const target = await AtomicFile.open(file, cwd);
  try {
    if ((await readPromptFile(path.resolve(cwd, file))) !== before) {
      throw new HoldfastError('file-changed', `${file} was changed during the audit.`, 'Run the command again.');
    }
    await target.commit(after);
  } finally {
    await target.discard();
  }
}
