import type { AuditInput } from '../outcome.ts';
import type { Host, Prompt } from '../prompt.ts';
import { extract, sourceById, type ExtractionContext } from './index.ts';
import type { Extraction, FileReader } from './promptSource.ts';

/** The prompts of a file, ready to be audited: its own in file order, then those that it uses and other files hold. */
export interface FileInputs extends Extraction {
  readonly inputs: readonly AuditInput[];
  /** Texts of the other files that were read for them, by URI: when one changes, so may the prompts. */
  readonly reads: ReadonlyMap<string, string>;
}

export interface InputContext extends ExtractionContext {
  /** What a tool puts around its instruction files; undefined where nothing is known. */
  readonly host?: Host | undefined;
}

/** Extracts the prompts of a file, puts the host around those that have one, and remembers how to read each again. */
export async function auditInputs(
  uri: string,
  fileText: string,
  source: string | undefined,
  context: InputContext,
): Promise<FileInputs> {
  const { host, ...extraction } = context;
  const reads = new Map<string, string>();
  const recording = { ...extraction, read: recorded(extraction.read, reads) };
  const { prompts, elsewhere = [], reason } = await extract(uri, fileText, source, recording);
  const own = prompts.map((prompt, index): AuditInput => {
    const isHosted = host !== undefined && sourceById(prompt.source)?.isHosted === true;
    return {
      prompt: isHosted ? { ...prompt, host } : prompt,
      fileText,
      reread: async (changed) => (await extract(uri, changed, source, extraction)).prompts[index],
    };
  });
  const others = elsewhere.map(({ prompt, fileText: text }, index): AuditInput => ({
    prompt,
    fileText: text,
    reread: async (changed) => {
      const read = withText(extraction.read, prompt.uri, changed);
      return (await extract(uri, fileText, source, { ...extraction, read })).elsewhere?.[index]?.prompt;
    },
  }));
  return { prompts: own.map(({ prompt }) => prompt), elsewhere, reason, inputs: [...own, ...others], reads };
}

/**
 * Each prompt once: a file may be found by its name and by code that reads it. It is a prompt for sure once code uses it as
 * one, and who fills in its variables knows more of it.
 */
export function distinctInputs(inputs: readonly AuditInput[]): AuditInput[] {
  const distinct = new Map<string, AuditInput>();
  for (const input of inputs) {
    const { uri, segments } = input.prompt;
    const key = `${uri}\0${segments[0]?.file.start}\0${segments.at(-1)?.file.end}`;
    const known = distinct.get(key);
    if (known === undefined || saysMore(input, known)) distinct.set(key, input);
  }
  return [...distinct.values()];
}

function saysMore({ prompt }: AuditInput, { prompt: known }: AuditInput): boolean {
  if (prompt.isLikely !== known.isLikely) return known.isLikely === true;
  const isFilled = ({ segments }: Prompt): boolean => segments.some(({ hole }) => hole !== undefined);
  return isFilled(prompt) && !isFilled(known);
}

/** Keeps what is read. */
function recorded(read: FileReader, reads: Map<string, string>): FileReader {
  return async (path) => {
    const file = await read(path);
    if (!('text' in file)) return file;
    reads.set(file.uri, file.text);
    return { ...file, read: recorded(file.read, reads) };
  };
}

/** Reads one file as if it had another text. */
function withText(read: FileReader, uri: string, text: string): FileReader {
  return async (path) => {
    const file = await read(path);
    if (!('text' in file)) return file;
    return { ...file, ...(file.uri === uri ? { text } : {}), read: withText(file.read, uri, text) };
  };
}
