import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { isApplicable, type BoundCheck } from '../src/analyzer/checks/check.ts';
import { bindCheck } from '../src/analyzer/checks/registry.ts';
import { noise } from '../src/cache/noise.ts';
import { HoldfastError } from '../src/errors.ts';

/** One prompt of a file in S-IFEval's format: the constraint is the system message, the task the user's. */
export interface IfevalRow {
  /** Line in the file, from 1: keys may repeat. */
  readonly line: number;
  readonly key: string;
  readonly system: string;
  readonly user: string;
  readonly instructions: readonly IfevalInstruction[];
}

export interface IfevalInstruction {
  /** The family: what stands before the colon of the id. */
  readonly family: string;
  readonly check: BoundCheck;
  /** The part of the system message that asks for it, where the file says so. */
  readonly text?: string;
}

export interface IfevalFile {
  readonly rows: readonly IfevalRow[];
  readonly sha256: string;
  /** What a reader of the results has to know about the data. */
  readonly notes: readonly string[];
}

const message = z.object({ role: z.string(), content: z.string().min(1) });
const jsonRow = z.object({
  key: z.union([z.number(), z.string()]),
  instruction_id_list: z.array(z.string()).min(1),
  kwargs: z.array(z.record(z.string(), z.unknown()).nullable()),
  instruction_texts: z.array(z.string()).optional(),
  messages: z.tuple([message.extend({ role: z.literal('system') }), message.extend({ role: z.literal('user') })]),
});

const format =
  'Each line is a JSON object with key, instruction_id_list, kwargs and messages (system, user), as in S-IFEval.';
const repeatPrompt = 'combination:repeat_prompt';

/** @throws HoldfastError `file-unreadable` for a file that is not there, or the first line that is not in the format. */
export function readIfevalFile(file: string): IfevalFile {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new HoldfastError('file-unreadable', `${file} cannot be read.`, 'Name a JSONL file.', { cause });
  }
  const lines = bytes.toString('utf8').split('\n');
  const counts = { repaired: 0, notApplicable: [] as string[] };
  const rows = lines.flatMap((text, index) => (text.trim() === '' ? [] : [readRow(text, index + 1, file, counts)]));
  if (rows.length === 0) throw new HoldfastError('file-unreadable', `${file} has no rows.`, format);
  const notes = [
    ...(counts.repaired === 0
      ? []
      : [
          `${counts.repaired} rows of ${repeatPrompt} ask to repeat another text than the user message that is shown: judged by the user message.`,
        ]),
    ...counts.notApplicable,
  ];
  return { rows, sha256: createHash('sha256').update(bytes).digest('hex'), notes };
}

function readRow(
  text: string,
  line: number,
  file: string,
  counts: { repaired: number; readonly notApplicable: string[] },
): IfevalRow {
  const { key, instruction_id_list: ids, kwargs, instruction_texts: texts, messages } = parsedRow(text, line, file);
  const [{ content: system }, { content: user }] = messages;
  const instructions = ids.flatMap((id, i): IfevalInstruction[] => {
    const given = kwargs[i] ?? {};
    if (id === repeatPrompt && given.prompt_to_repeat !== user) counts.repaired++;
    const check = bindCheck(id, id === repeatPrompt ? { ...given, prompt_to_repeat: user } : given);
    const text = texts?.[i];
    if (isApplicable(check)) return [{ family: id.split(':')[0]!, check, ...(text === undefined ? {} : { text }) }];
    counts.notApplicable.push(`Line ${line}: ${id} is not judged: ${check.notApplicable}.`);
    return [];
  });
  return { line, key: String(key), system, user, instructions };
}

function parsedRow(text: string, line: number, file: string): z.infer<typeof jsonRow> {
  const wrong = (what: string, cause?: unknown): HoldfastError =>
    new HoldfastError('file-unreadable', `${file}, line ${line}: ${what}`, format, { cause });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw wrong('is not JSON.', cause);
  }
  const parsed = jsonRow.safeParse(json);
  if (!parsed.success) throw wrong(z.prettifyError(parsed.error).replaceAll('\n', ' '));
  if (parsed.data.kwargs.length !== parsed.data.instruction_id_list.length)
    throw wrong('kwargs and instruction_id_list have different lengths.');
  return parsed.data;
}

/** The first `count` of a seeded shuffle, in that order: a larger sample holds every smaller one. */
export function sampleOf<Row>(rows: readonly Row[], count: number, seed: number): Row[] {
  const stream = noise(seed);
  const shuffled = [...rows];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(stream.uniform() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
  }
  return shuffled.slice(0, count);
}
