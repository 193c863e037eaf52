import type { AuditInput } from '../outcome.ts';
import type { Host } from '../prompt.ts';
import { extract, sourceById, type ExtractionContext } from './index.ts';
import type { Extraction } from './promptSource.ts';

/** The prompts of a file, ready to be audited. */
export interface FileInputs extends Extraction {
  readonly inputs: readonly AuditInput[];
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
  const { prompts, reason } = await extract(uri, fileText, source, extraction);
  const inputs = prompts.map((prompt, index): AuditInput => {
    const isHosted = host !== undefined && sourceById(prompt.source)?.isHosted === true;
    return {
      prompt: isHosted ? { ...prompt, host } : prompt,
      fileText,
      reread: async (changed) => (await extract(uri, changed, source, extraction)).prompts[index],
    };
  });
  return { prompts: inputs.map(({ prompt }) => prompt), reason, inputs };
}
