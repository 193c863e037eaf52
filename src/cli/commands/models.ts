import { Command } from 'commander';
import { HoldfastError } from '../../errors.ts';
import type { ResolvedModel } from '../../runtime/models/index.ts';
import type { CommandContext } from '../command.ts';
import { Progress } from '../progress.ts';
import { megabytes, pullProgress } from '../session.ts';

export function modelsCommand({ io, dependencies }: CommandContext): Command {
  const { models } = dependencies;
  const command = new Command('models')
    .summary('list, download and verify models')
    .description('Lists, downloads and verifies the models that audits run on.');

  /** Runs one step with its progress on stderr. */
  async function shown<T>(step: (options: { progress: ReturnType<typeof pullProgress> }) => Promise<T>): Promise<T> {
    const progress = new Progress(io.err);
    try {
      return await step({ progress: pullProgress(progress) });
    } finally {
      progress.stop();
    }
  }

  command
    .command('list')
    .description('Lists the known models and where they are.')
    .action(async () => {
      const listed = await shown((options) => models.list(io.signal, options));
      const lines = listed.map(({ model, located }) => {
        const place = located === undefined ? `not here (holdfast models pull ${model.id})` : located.path;
        return `${model.id}  ${model.title}, ${megabytes(model.bytes)}, ${model.licence}\n  ${place}\n`;
      });
      await io.out.write(lines.join(''));
    });

  command
    .command('pull')
    .argument('[ID]', 'model of the list; without it, the default model')
    .description('Downloads and verifies a model, unless it is on this machine already.')
    .action(async (id: string | undefined) => {
      const model = await shown((options) => models.pull(id, io.signal, options));
      await io.out.write(`${model.path}\n`);
    });

  command
    .command('verify')
    .argument('[ID|PATH]', 'model of the list or a path; without it, the default model')
    .description('Reads a model again and compares its sha256.')
    .action(async (id: string | undefined) => {
      const model = await shown((options) => models.verify(id, io.signal, options));
      const against = model.catalog === undefined ? 'not a known model, nothing to compare with' : 'as expected';
      await io.out.write(`${model.sha256}  ${model.path}  (${against})\n`);
    });

  command
    .command('path')
    .argument('[ID|PATH]', 'model of the list or a path; without it, the default model')
    .description('Prints where a model is.')
    .action(async (id: string | undefined) => {
      await io.out.write(`${present(await shown((options) => models.resolve(id, io.signal, options))).path}\n`);
    });
  return command;
}

function present(found: Awaited<ReturnType<CommandContext['dependencies']['models']['resolve']>>): ResolvedModel {
  if (!('missing' in found)) return found;
  const { id, title } = found.missing;
  throw new HoldfastError('model-not-found', `${title} is not on this machine.`, `Run "holdfast models pull ${id}".`);
}
