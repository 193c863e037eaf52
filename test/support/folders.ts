import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Runs `use` on a temporary folder with these files: text and bytes as they are, anything else as JSON. */
export function withFolder<T>(files: Readonly<Record<string, unknown>>, use: (folder: string) => T): T {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'holdfast-folder-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      const asIs = typeof content === 'string' || content instanceof Uint8Array;
      writeFileSync(path.join(folder, name), asIs ? content : JSON.stringify(content));
    }
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
