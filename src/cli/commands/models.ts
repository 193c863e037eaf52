import { Command, Option } from 'commander';
import { HoldfastError } from '../../errors.ts';
import { sizeText, thisMachine, type ResolvedModel, type ResolveOptions } from '../../runtime/models/index.ts';
import type { CommandContext } from '../command.ts';
import { modelJson, modelLines } from '../modelLines.ts';
import { Progress } from '../progress.ts';
import { pullAdvice, pullProgress } from '../session.ts';

const idOrPath = '[ID|PATH]';
const whichModel = 'id of the list or a path; without it, the default model';

const comparedWith = {
  catalog: 'as the catalog has it',
  record: 'as recorded when it was fetched',
  nothing: 'nothing to compare with',
} as const;

export function modelsCommand({ io, dependencies, end }: CommandContext): Command {
  const { models } = dependencies;
  const command = new Command('models')
    .summary('list, download, verify and remove models')
    .description(
      'Lists, downloads, verifies and removes the models that audits run on. A model goes by its id of the list, by hf:owner/name/file.gguf, ollama:name:tag or lmstudio:publisher/name/file.gguf, or by its path.',
    );

  /** Runs one step with its progress on stderr. */
  async function shown<T>(step: (options: Required<Pick<ResolveOptions, 'progress'>>) => Promise<T>): Promise<T> {
    const progress = new Progress(io.err);
    try {
      return await step({ progress: pullProgress(progress) });
    } finally {
      progress.stop();
    }
  }

  command
    .command('list')
    .addOption(new Option('--format <format>', 'How to print it.').choices(['text', 'json']).default('text'))
    .option(
      '--folder <dir>',
      'Look into this folder too. Repeatable; HOLDFAST_MODEL_FOLDERS names folders for every command.',
      (folder: string, before: string[] | undefined) => [...(before ?? []), folder],
    )
    .description(
      'Lists the models of the catalog and those found on this machine: of Holdfast, the Hugging Face cache, Ollama, LM Studio and named folders.',
    )
    .action(async ({ format, folder }: { readonly format: string; readonly folder?: readonly string[] }) => {
      const machine = { ...thisMachine(), modelFolders: folder ?? [] };
      const listed = await shown((options) => models.list(io.signal, { ...options, machine }));
      await io.out.write(
        format === 'json'
          ? `${JSON.stringify({ models: listed.map(modelJson) }, null, 2)}\n`
          : listed.map(modelLines).join(''),
      );
    });

  command
    .command('pull')
    .argument('[ID]', 'id of the list, or hf:owner/name/file.gguf[@revision]; without it, the default model')
    .description(
      'Downloads and verifies a model, unless it is on this machine already. HF_ENDPOINT names other hubs to ask, separated by commas; HF_TOKEN gives access to private and gated ones.',
    )
    .action(async (id: string | undefined) => {
      const model = await shown((options) => models.pull(id, io.signal, options));
      await io.out.write(`${model.path}\n`);
    });

  command
    .command('verify')
    .argument(idOrPath, whichModel)
    .option('--all', 'Verify every model of this machine.')
    .description('Reads a model again and compares its sha256 with the one that is known of it.')
    .action(async (id: string | undefined, { all }: { readonly all?: true }) => {
      if (all === true) {
        const damaged = await shown((options) => verifyEvery(options));
        if (damaged > 0) end('notDone');
        return;
      }
      const model = await shown((options) => models.verify(id, io.signal, options));
      await io.out.write(`${model.sha256}  ${model.path}  (${comparedWith[model.comparedWith]})\n`);
    });

  /** Prints each model as it is verified; the number of those with a problem. */
  async function verifyEvery(options: ResolveOptions): Promise<number> {
    let damaged = 0;
    for await (const { id, path, problem, comparedWith: with_ } of models.verifyAll(io.signal, options)) {
      if (problem !== undefined) damaged += 1;
      const state = problem === undefined ? `ok      ${comparedWith[with_]}` : `DAMAGED ${problem}`;
      await io.out.write(`${state}\n        ${id === path ? path : `${id}  ${path}`}\n`);
    }
    return damaged;
  }

  command
    .command('remove')
    .argument('<ID|PATH>', 'id of the list, or the path of a file in the folder of Holdfast')
    .option('-y, --yes', 'Do not ask.')
    .description(
      'Deletes a model that Holdfast has downloaded, and the graphs that were built from it. Files of other programs stay.',
    )
    .action(async (id: string, { yes }: { readonly yes?: true }) => {
      const removal = await shown((options) => models.planRemoval(id, io.signal, options));
      const files = removal.paths.map((file) => `  ${file}\n`).join('');
      if (yes !== true) {
        if (io.confirm === undefined)
          throw new HoldfastError(
            'invalid-settings',
            `"holdfast models remove ${id}" would delete ${sizeText(removal.bytes)} and nobody is there to ask.`,
            'Add --yes.',
          );
        io.err.write(files);
        if (!(await io.confirm(`Delete ${sizeText(removal.bytes)}?`))) {
          io.err.write('Nothing was deleted.\n');
          end('notDone');
          return;
        }
      }
      await models.remove(removal);
      await io.out.write(`Deleted ${removal.bytes} bytes (${sizeText(removal.bytes)}):\n${files}`);
    });

  command
    .command('path')
    .argument(idOrPath, whichModel)
    .description('Prints where a model is.')
    .action(async (id: string | undefined) => {
      await io.out.write(`${present(await shown((options) => models.resolve(id, io.signal, options))).path}\n`);
    });
  return command;
}

function present(found: Awaited<ReturnType<CommandContext['dependencies']['models']['resolve']>>): ResolvedModel {
  if (!('missing' in found)) return found;
  const { missing } = found;
  throw new HoldfastError('model-not-found', `${missing.title} is not on this machine.`, `${pullAdvice(missing)}.`);
}
