import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { WeightRegion } from './graphBuilder.ts';

/** Part of a cached graph's name. Raise it with every change of what the builder writes. */
export const graphVersion = 12;

export const graphFiles = { model: 'model.onnx', weights: 'weights.bin' } as const;
const manifestFile = 'manifest.json';
const stampFile = 'stamp.json';

const digest = z.string().regex(/^[0-9a-f]{64}$/u);
const manifest = z.strictObject({
  graphVersion: z.literal(graphVersion),
  modelSha256: digest,
  weightBytes: z.int().min(0),
  /** Every tensor of the weights file; what lies between them is padding. */
  regions: z.array(z.strictObject({ offset: z.int().min(0), length: z.int().min(0), sha256: digest })),
});

/** The weights file when its content was last known to be right. */
const stamp = z.strictObject({ size: z.number(), mtimeMs: z.number(), ino: z.number() });

const readBytes = 4 * 2 ** 20;

/** Completes a converted graph whose two files are written: from here on `isWhole` can tell whether it still is what it was. */
export function writeManifest(folder: string, regions: readonly WeightRegion[]): void {
  const content: z.infer<typeof manifest> = {
    graphVersion,
    modelSha256: sha256(readFileSync(path.join(folder, graphFiles.model))),
    weightBytes: statSync(path.join(folder, graphFiles.weights)).size,
    regions: [...regions],
  };
  writeFileSync(path.join(folder, manifestFile), JSON.stringify(content));
  writeStamp(folder);
}

/**
 * Whether a converted graph is complete and undamaged. The model file is hashed each time. The weights may have gigabytes:
 * as long as size, modification time and inode are those of the last check they count as unchanged, otherwise every
 * tensor is hashed again.
 */
export function isWhole(folder: string): boolean {
  try {
    if (!existsSync(path.join(folder, manifestFile))) return false;
    const { modelSha256, weightBytes, regions } = manifest.parse(readJson(path.join(folder, manifestFile)));
    if (sha256(readFileSync(path.join(folder, graphFiles.model))) !== modelSha256) return false;
    const weights = path.join(folder, graphFiles.weights);
    if (statSync(weights).size !== weightBytes) return false;
    if (isStamped(folder)) return true;
    if (!regionsMatch(weights, regions)) return false;
    restamp(folder);
    return true;
  } catch {
    return false; // whatever cannot be read is built again
  }
}

function regionsMatch(file: string, regions: readonly WeightRegion[]): boolean {
  const descriptor = openSync(file, 'r');
  const buffer = Buffer.allocUnsafe(readBytes);
  try {
    return regions.every(({ offset, length, sha256: expected }) => {
      const hash = createHash('sha256');
      for (let done = 0; done < length;) {
        const read = readSync(descriptor, buffer, 0, Math.min(readBytes, length - done), offset + done);
        if (read === 0) return false;
        hash.update(buffer.subarray(0, read));
        done += read;
      }
      return hash.digest('hex') === expected;
    });
  } finally {
    closeSync(descriptor);
  }
}

function currentStamp(folder: string): z.infer<typeof stamp> {
  const { size, mtimeMs, ino } = statSync(path.join(folder, graphFiles.weights));
  return { size, mtimeMs, ino };
}

function writeStamp(folder: string): void {
  writeFileSync(path.join(folder, stampFile), JSON.stringify(currentStamp(folder)));
}

function restamp(folder: string): void {
  try {
    writeStamp(folder);
  } catch {
    // A cache that cannot be written costs another hashing next time, not this run.
  }
}

function isStamped(folder: string): boolean {
  const file = path.join(folder, stampFile);
  if (!existsSync(file)) return false;
  const known = stamp.safeParse(readJson(file)).data;
  const current = currentStamp(folder);
  return known?.size === current.size && known.mtimeMs === current.mtimeMs && known.ino === current.ino;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
