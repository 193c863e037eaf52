import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { AuditInput, AuditOutcome } from '../../src/analyzer/outcome.ts';
import type { ReorderOutcome } from '../../src/analyzer/reorder.ts';
import { noResultStore } from '../../src/analyzer/resultStore.ts';
import type { AuditSettings } from '../../src/analyzer/settings.ts';
import type { Dependencies } from '../../src/cli/dependencies.ts';
import type { Io } from '../../src/cli/io.ts';
import { main } from '../../src/cli/main.ts';
import type { LanguageModel } from '../../src/runtime/languageModel.ts';
import { catalog, type ListedModel, type ResolvedModel, type Verification } from '../../src/runtime/models/index.ts';
import { bankReport } from '../support/reports.ts';

/** What one command line did. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly cwd: string;
  /** Calls of the fakes in order, such as `audit system.md` and `engine closed`. */
  readonly calls: readonly string[];
}

export interface Options {
  readonly outcome?: AuditOutcome;
  readonly reordered?: ReorderOutcome;
  /** Runs inside the fake audit, before it ends. */
  readonly during?: (context: {
    inputs: readonly AuditInput[];
    settings: AuditSettings;
    interrupt: AbortController;
    signal: AbortSignal;
  }) => void | Promise<void>;
  readonly input?: AuditInput;
  readonly modelMissing?: boolean;
  /** What the loaded model says about its device. */
  readonly warnings?: readonly string[];
  readonly listed?: readonly ListedModel[];
  readonly verified?: readonly Verification[];
  /** The answer of who sits at the terminal; absent: nobody does. */
  readonly confirms?: boolean;
  readonly doctorChecks?: Dependencies['doctorChecks'];
  readonly findPrompts?: Dependencies['findPrompts'];
  readonly outWrite?: (text: string) => Promise<void>;
  readonly tty?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

export const model: ResolvedModel = {
  id: 'test-model',
  path: '/models/test.gguf',
  format: 'gguf',
  bytes: 1,
  sha256: 'cd'.repeat(32),
  keeper: 'user',
};

export const completed: AuditOutcome = { status: 'completed', report: bankReport() };

const text = 'You are Ada.\n\n- Quote every amount in euros.\n';
export const input: AuditInput = {
  prompt: {
    uri: 'system.md',
    source: 'named-file',
    text: text.trimEnd(),
    segments: [{ text: { start: 0, end: text.length - 1 }, file: { start: 0, end: text.length - 1 }, verbatim: true }],
  },
  fileText: text,
};

/** Runs the CLI with fakes that record what was asked of them. */
export async function run(argv: readonly string[], options: Options = {}): Promise<Ran> {
  const cwd = options.cwd ?? mkdtempSync(path.join(os.tmpdir(), 'holdfast-cli-'));
  const interrupt = new AbortController();
  const calls: string[] = [];
  const ran = { out: '', err: '' };
  const isTty = options.tty ?? false;
  const io: Io = {
    out: {
      isTty,
      columns: undefined,
      write:
        options.outWrite ??
        ((written) => {
          ran.out += written;
          return Promise.resolve();
        }),
    },
    err: { isTty, columns: undefined, write: (written) => void (ran.err += written) },
    confirm:
      options.confirms === undefined
        ? undefined
        : (question) => {
            calls.push(question);
            return Promise.resolve(options.confirms === true);
          },
    cwd,
    env: options.env ?? {},
    signal: interrupt.signal,
  };
  const missing = { missing: catalog[0]! };
  const dependencies: Dependencies = {
    findPrompts:
      options.findPrompts ??
      ((patterns) => {
        calls.push(`find ${patterns.join(' ')}`);
        return Promise.resolve([options.input ?? input]);
      }),
    async *audit(inputs, loadModel, settings, signal) {
      calls.push(`audit ${inputs.map(({ prompt }) => prompt.uri).join(' ')}`);
      await loadModel(signal);
      yield { phase: 'load', fraction: 0.1, message: 'loading' };
      await options.during?.({ inputs, settings, interrupt, signal });
      yield { phase: 'loss', fraction: 0.9, message: 'loss of clause' };
      return options.outcome ?? completed;
    },
    async *reorder(one, loadModel, _settings, signal) {
      calls.push(`reorder ${one.prompt.uri}`);
      await loadModel(signal);
      yield { phase: 'reorder', fraction: 0.5, message: 'order 1' };
      if (options.reordered === undefined) throw new Error('this test expects no reordering');
      return options.reordered;
    },
    models: {
      resolve: (id) => {
        calls.push(`resolve ${id ?? 'default'}`);
        return Promise.resolve(options.modelMissing === true ? missing : model);
      },
      pull: (id) => {
        calls.push(`pull ${id ?? 'default'}`);
        return Promise.resolve(model);
      },
      list: (_signal, asked) => {
        calls.push(`list ${asked?.machine?.modelFolders?.join(' ') ?? ''}`.trimEnd());
        return Promise.resolve([...(options.listed ?? [])]);
      },
      verify: () => Promise.resolve({ ...model, comparedWith: 'record' }),
      async *verifyAll() {
        for (const verified of options.verified ?? []) yield Promise.resolve(verified);
      },
      planRemoval: (id) => Promise.resolve({ id, paths: ['/models/test.gguf'], bytes: 98_362_432, folder: '/models' }),
      remove: ({ id }) => {
        calls.push(`remove ${id}`);
        return Promise.resolve();
      },
    },
    openResults: () => Promise.resolve(noResultStore),
    openEngine: () => ({
      load: ({ model: { id }, device }) => {
        calls.push(`load ${id} on ${device}`);
        return Promise.resolve({ info: { warnings: options.warnings ?? [] } } as unknown as LanguageModel);
      },
      dispose: () => calls.push('engine closed'),
    }),
    doctorChecks: options.doctorChecks ?? [],
  };
  const code = await main(argv, io, dependencies);
  return { code, ...ran, cwd, calls };
}
