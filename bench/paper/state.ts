import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { HoldfastError } from '../../src/errors.ts';
import { record, type PaperRecord } from './records.ts';

/** Everything that decides what a unit of work gives; units of equal identity can be put together. */
export type Identity = Readonly<Record<string, unknown>>;

const stateVersion = 1;
const header = z.strictObject({ paperState: z.number(), identity: z.record(z.string(), z.unknown()) });

/** Records of all shards in one folder, and the file that this one appends to. */
export interface State {
  /** One per unit, in the order of units. */
  records(): PaperRecord[];
  has(unit: string): boolean;
  /** On the disk when it returns: a run that is killed later goes on after it. */
  append(record: PaperRecord): void;
  close(): void;
}

/**
 * Opens the state of a run: one JSONL file per shard, first line the identity. A last line that a killed run left
 * unfinished is cut off, and `say` is told.
 *
 * @throws HoldfastError `invalid-settings` for a state of other settings, `file-unreadable` for damage before the last line,
 * `file-unwritable`.
 */
export function openState(folder: string, shard: string, identity: Identity, say: (line: string) => void): State {
  const own = path.join(folder, `state-${shard}.jsonl`);
  const units = new Map<string, PaperRecord>();
  // As it reads back: what JSON drops must not look like a difference.
  const expected = JSON.parse(JSON.stringify(identity)) as Identity;
  let isNew = true;
  try {
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder)
      .filter((entry) => /^state-.*\.jsonl$/u.test(entry))
      .sort()) {
      const file = path.join(folder, name);
      const { found, records, end } = readState(file, say);
      if (found === undefined) continue;
      refuseOther(file, found, expected);
      for (const each of records) if (!units.has(each.unit)) units.set(each.unit, each);
      if (file !== own) continue;
      isNew = false;
      // Only the own file: another shard may be writing its last line right now.
      truncateSync(file, end);
    }
    const handle = openSync(own, isNew ? 'w' : 'a');
    const write = (value: unknown): void => {
      writeSync(handle, `${JSON.stringify(value)}\n`);
      fsyncSync(handle);
    };
    if (isNew) write({ paperState: stateVersion, identity });
    return {
      records: () => [...units.values()].sort((a, b) => (a.unit < b.unit ? -1 : 1)),
      has: (unit) => units.has(unit),
      append(each) {
        write(each);
        units.set(each.unit, each);
      },
      close: () => closeSync(handle),
    };
  } catch (cause) {
    if (cause instanceof HoldfastError) throw cause;
    throw new HoldfastError(
      'file-unwritable',
      `The state in ${folder} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}.`,
      'Free disk space, or name another folder with --output. What was measured stays in the state.',
      { cause },
    );
  }
}

interface ReadState {
  /** Undefined for a file whose first line was never finished. */
  readonly found: Identity | undefined;
  readonly records: PaperRecord[];
  /** Bytes up to the last whole line. */
  readonly end: number;
}

function readState(file: string, say: (line: string) => void): ReadState {
  if (!existsSync(file)) return { found: undefined, records: [], end: 0 };
  const text = readFileSync(file, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const lines = whole.split('\n').slice(0, -1);
  let dropped = text.length > whole.length ? 1 : 0;
  let found: Identity | undefined;
  const records: PaperRecord[] = [];
  for (const [index, line] of lines.entries()) {
    try {
      const json: unknown = JSON.parse(line);
      if (index === 0) found = header.parse(json).identity;
      else records.push(record.parse(json));
    } catch (cause) {
      if (index !== lines.length - 1 || index === 0) {
        throw new HoldfastError(
          'file-unreadable',
          `${file}, line ${index + 1}: is damaged.`,
          'Delete this line to measure its unit again, or the file to begin anew.',
          { cause },
        );
      }
      lines.pop();
      dropped++;
    }
  }
  if (dropped > 0) say(`${file}: the last line was not finished and is dropped; its unit is measured again.`);
  const kept = lines.map((line) => `${line}\n`).join('');
  return { found, records, end: Buffer.byteLength(kept) };
}

function refuseOther(file: string, found: Identity, expected: Identity): void {
  const keys = [...new Set([...Object.keys(found), ...Object.keys(expected)])];
  const different = keys.filter((key) => !isDeepStrictEqual(found[key], expected[key]));
  if (different.length === 0) return;
  const said = different.map((key) => `${key} ${JSON.stringify(found[key])}, not ${JSON.stringify(expected[key])}`);
  throw new HoldfastError(
    'invalid-settings',
    `${file} was made with other settings: ${said.join('; ')}.`,
    'Run with those settings, or name another folder with --output.',
  );
}
