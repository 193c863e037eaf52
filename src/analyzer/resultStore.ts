import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ModelInfo } from '../runtime/languageModel.ts';
import type { AuditInput } from './outcome.ts';
import { promptReport, schemaVersion, type PromptReport } from './report.ts';
import type { AuditSettings } from './settings.ts';

/** Finished measurements by content. An audit is deterministic, so the same content need not be measured twice. */
export interface ResultStore {
  get(input: AuditInput, model: ModelInfo, settings: AuditSettings): Promise<PromptReport | undefined>;
  /** Keeps a complete measurement. Never throws: a store that cannot be written costs only the next audit's time. */
  put(input: AuditInput, model: ModelInfo, settings: AuditSettings, result: PromptReport): Promise<void>;
}

/** A store that keeps nothing. */
export const noResultStore: ResultStore = {
  get: () => Promise.resolve(undefined),
  put: () => Promise.resolve(),
};

/** Older results beyond this number are dropped; one takes 20 to 300 kB. */
const keptResults = 200;

/**
 * The results that one build measured: `programs` are the files of its code, and when one of them changes nothing kept counts.
 */
export async function openResultStore(folder: string, programs: readonly string[]): Promise<ResultStore> {
  const build = createHash('sha256');
  for (const program of programs) build.update(await readFile(program));
  return new FileResultStore(folder, build.digest('hex'));
}

/**
 * Results as JSON files in one folder, readable by their owner only (they hold prompt text). `build` names the code that
 * measured, so that another build measures again.
 */
export class FileResultStore implements ResultStore {
  constructor(
    readonly folder: string,
    readonly build: string,
  ) {}

  async get(input: AuditInput, model: ModelInfo, settings: AuditSettings): Promise<PromptReport | undefined> {
    const file = this.#file(input, model, settings);
    try {
      const parsed = promptReport.safeParse(JSON.parse(await readFile(file, 'utf8')));
      if (!parsed.success || parsed.data.status !== 'measured') return undefined;
      const now = new Date();
      await utimes(file, now, now).catch(() => undefined); // used lately: dropped last
      return { ...parsed.data, uri: input.prompt.uri, source: input.prompt.source };
    } catch {
      return undefined; // absent or damaged: it is measured again
    }
  }

  async put(input: AuditInput, model: ModelInfo, settings: AuditSettings, result: PromptReport): Promise<void> {
    if (result.status !== 'measured') return;
    const file = this.#file(input, model, settings);
    const partial = `${file}.${randomBytes(6).toString('hex')}.partial`;
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      await writeFile(partial, JSON.stringify(result), { mode: 0o600 });
      await rename(partial, file);
      await this.#dropOldest();
    } catch {
      await rm(partial, { force: true }).catch(() => undefined);
    }
  }

  #file({ prompt, fileText }: AuditInput, model: ModelInfo, settings: AuditSettings): string {
    const { model: _, device: __, memoryLimit: ___, precision: ____, ...measured } = settings;
    const content = [
      this.build,
      schemaVersion,
      model.sha256,
      model.weights,
      model.device,
      measured,
      prompt.text,
      prompt.segments,
      prompt.host ?? null,
      prompt.limits ?? [],
      prompt.samples ?? [],
      prompt.notes ?? [],
      fileText,
    ];
    return path.join(this.folder, `${createHash('sha256').update(JSON.stringify(content)).digest('hex')}.json`);
  }

  async #dropOldest(): Promise<void> {
    const names = await readdir(this.folder);
    if (names.length <= keptResults) return;
    const files = await Promise.all(
      names.map(async (name) => {
        const file = path.join(this.folder, name);
        return { file, usedMs: (await stat(file)).mtimeMs };
      }),
    );
    files.sort((a, b) => b.usedMs - a.usedMs);
    for (const { file } of files.slice(keptResults)) await rm(file, { force: true });
  }
}
