import { Command, CommanderError } from 'commander';
import { HoldfastError } from '../errors.ts';
import { version } from '../version.ts';
import type { CommandContext } from './command.ts';
import { auditCommand } from './commands/audit.ts';
import { doctorCommand } from './commands/doctor.ts';
import { modelsCommand } from './commands/models.ts';
import { policiesCommand } from './commands/policies.ts';
import { promptsCommand } from './commands/prompts.ts';
import { reorderCommand } from './commands/reorder.ts';
import type { Dependencies } from './dependencies.ts';
import { exitCodes, type ExitName } from './exitCodes.ts';
import type { Io } from './io.ts';
import { describeError } from './reportError.ts';

/** Parts of the contract that this version does not have yet; named so that nobody looks for a typing mistake. */
const notAvailableYet = ['--profile', '--baseline', '--include-text', 'profiles', 'protect', 'compare'];

/** The command line's tree of commands. Built anew for each run: commander keeps state. */
export function createProgram(context: CommandContext): Command {
  return new Command('holdfast')
    .description('Audits prompts for robustness under KV-cache compression, measured on a local model.')
    .version(version, '-V, --version', 'Print the version.')
    .helpOption('-h, --help', 'Print help.')
    .helpCommand('help [command]', 'Print help for a command.')
    .addCommand(auditCommand(context))
    .addCommand(promptsCommand(context))
    .addCommand(reorderCommand(context))
    .addCommand(modelsCommand(context))
    .addCommand(policiesCommand(context))
    .addCommand(doctorCommand(context))
    .addHelpText(
      'after',
      `\nExit codes: ${exitCodes.nothingToReport} nothing to report, ${exitCodes.findings} findings, ${exitCodes.notDone} not done (wrong usage, model missing, cancelled, failed).`,
    );
}

/** Runs one command line (without node and script) and returns its exit code. Touches the world only through its arguments. */
export async function main(argv: readonly string[], io: Io, dependencies: Dependencies): Promise<number> {
  let ended: ExitName = 'nothingToReport';
  let help = '';
  const program = createProgram({
    io,
    dependencies,
    end: (name) => {
      ended = name;
    },
  });
  for (const command of everyCommand(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => (help += text),
      writeErr: (text) => io.err.write(text),
      outputError: (text, write) => write(usageError(text)),
      getOutHelpWidth: () => io.out.columns ?? 100,
      getErrHelpWidth: () => io.err.columns ?? 100,
    });
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) ended = error.exitCode === 0 ? 'nothingToReport' : 'notDone';
    else {
      ended = 'notDone';
      io.err.write(describeError(error));
    }
  }
  try {
    if (help !== '') await io.out.write(help);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    io.err.write(describeError(error));
    ended = 'notDone';
  }
  return exitCodes[ended];
}

function* everyCommand(command: Command): Generator<Command> {
  yield command;
  for (const child of command.commands) yield* everyCommand(child);
}

function usageError(message: string): string {
  const name = /unknown (?:option|command) '([^'= ]+)/.exec(message)?.[1];
  const text = message.replace(/^error: /, 'holdfast: ');
  if (name === undefined || !notAvailableYet.includes(name)) return text;
  // A suggestion of another word would be wrong here.
  return `${text.split('\n')[0]!}\n"${name}" is planned and not available in version ${version} yet.\n`;
}
