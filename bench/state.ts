import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { HoldfastError } from '../src/errors.ts';

/** Everything that decides what a unit of work gives; units of equal identity can be put together. */
export type Identity = Readonly<Record<string, unknown>>;

const stateVersion = 1;
const header = z.strictObject({ state: z.record(z.string(), z.unknown()) });

/** What was measured of one unit of work, named by `unit`. */
export interface UnitRecord {
  readonly unit: string;
}

/** Records of all shards in one folder, and the file that this one appends to. */
export interface State<Record extends UnitRecord> {
  /** Of all shards as they are now, one per unit, in the order of units. */
  records(): Record[];
  has(unit: string): boolean;
  /** On the disk when it returns: a run that is killed later goes on after it. */
  append(record: Record): void;
  close(): void;
}

/**
 * Opens the state of a run: one JSONL file per shard, first line the identity. A last line that a killed run left
 * unfinished is cut off, and `say` is told.
 *
 * @throws HoldfastError `invalid-settings` for a state of other settings, `file-unreadable` for damage before the last line,
 * `file-unwritable`.
 */
export function openState<Record extends UnitRecord>(
  folder: string,
  shard: string,
  identity: Identity,
  schema: z.ZodType<Record>,
  say: (line: string) => void,
): State<Record> {
  const own = path.join(folder, `state-${shard}.jsonl`);
  // As it reads back: what JSON drops must not look like a difference.
  const expected = JSON.parse(JSON.stringify({ stateVersion, ...identity })) as Identity;
  return guarded(folder, () => {
    mkdirSync(folder, { recursive: true });
    const before = readShards(folder, expected, schema);
    const mine = before.get(own);
    if (mine?.isDamaged === true)
      say(`${own}: the last line was not finished and is dropped; its unit is measured again.`);
    const isNew = mine?.identity === undefined;
    if (!isNew) truncateSync(own, mine.end);
    const handle = openSync(own, isNew ? 'w' : 'a');
    const write = (value: unknown): void =>
      guarded(folder, () => {
        writeSync(handle, `${JSON.stringify(value)}\n`);
        fsyncSync(handle);
      });
    if (isNew) write({ state: expected });
    const known = new Set([...before.values()].flatMap(({ records }) => records.map(({ unit }) => unit)));
    return {
      records() {
        const all = [...readShards(folder, expected, schema).values()].flatMap(({ records }) => records);
        const units = new Map(all.map((each) => [each.unit, each]));
        return [...units.values()].sort((a, b) => (a.unit < b.unit ? -1 : 1));
      },
      has: (unit) => known.has(unit),
      append(each) {
        write(each);
        known.add(each.unit);
      },
      close: () => closeSync(handle),
    };
  });
}

/** @throws HoldfastError `file-unwritable` for a failure of the file system. */
function guarded<Result>(folder: string, work: () => Result): Result {
  try {
    return work();
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

/** Every state file of the folder, by path; other shards may be writing theirs. */
function readShards<Record>(
  folder: string,
  expected: Identity,
  schema: z.ZodType<Record>,
): Map<string, ReadState<Record>> {
  const names = readdirSync(folder).filter((name) => /^state-.*\.jsonl$/u.test(name));
  const shards = names
    .sort()
    .map((name) => [path.join(folder, name), readState(path.join(folder, name), schema)] as const);
  for (const [file, { identity }] of shards) if (identity !== undefined) refuseOther(file, identity, expected);
  return new Map(shards);
}

interface ReadState<Record> {
  /** Undefined for a file whose first line was never finished. */
  readonly identity: Identity | undefined;
  readonly records: readonly Record[];
  /** Bytes up to the end of the last good line. */
  readonly end: number;
  /** Something after that was not finished. */
  readonly isDamaged: boolean;
}

function readState<Record>(file: string, schema: z.ZodType<Record>): ReadState<Record> {
  const text = readFileSync(file, 'utf8');
  const lines = text.split('\n');
  const unfinished = lines.pop() !== '';
  let identity: Identity | undefined;
  const records: Record[] = [];
  let end = 0;
  for (const [index, line] of lines.entries()) {
    try {
      const json: unknown = JSON.parse(line);
      if (index === 0) identity = header.parse(json).state;
      else records.push(schema.parse(json));
    } catch (cause) {
      if (index > 0 && index === lines.length - 1) return { identity, records, end, isDamaged: true };
      throw new HoldfastError(
        'file-unreadable',
        `${file}, line ${index + 1}: is damaged.`,
        'Delete this line to measure its unit again, or the file to begin anew.',
        { cause },
      );
    }
    end += Buffer.byteLength(line) + 1;
  }
  return { identity, records, end, isDamaged: unfinished };
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
