import path from 'node:path';
import { Command } from 'commander';
import { auditGroups, groupBySettings } from '../../analyzer/auditGroups.ts';
import { format, formats, type Format } from '../../analyzer/formats/index.ts';
import type { AuditOutcome } from '../../analyzer/outcome.ts';
import { HoldfastError } from '../../errors.ts';
import { AtomicFile } from '../atomicFile.ts';
import { follow, type CommandContext } from '../command.ts';
import { fails, readFailOn } from '../failLevel.ts';
import { usesColor } from '../io.ts';
import { promptSearch } from '../promptSearch.ts';
import { Progress } from '../progress.ts';
import { describeError } from '../reportError.ts';
import { addSessionFlags, openModelSession, type SessionFlags } from '../session.ts';
import { addSettingFlags, readSettings } from '../settingFlags.ts';

interface Options extends SessionFlags {
  readonly format: string;
  readonly output?: string;
  readonly report?: string;
  readonly failOn?: string;
}

export function auditCommand(context: CommandContext): Command {
  const command = new Command('audit')
    .summary('audit prompts under KV-cache compression')
    .description(
      'Audits system prompts on a local model under KV-cache compression. Without FILE, the prompts of the current folder.',
    )
    .argument('[FILE|GLOB...]', 'prompt files, folders or globs');
  addSettingFlags(command)
    .option('--format <format>', `How to write the result: ${formats.map(({ id }) => id).join(', ')}.`, 'text')
    .option('--output <path>', 'Write the result to a file instead of stdout.')
    .option('--report <path>', 'Write an HTML report as well.')
    .option(
      '--fail-on <rule,...|none>',
      'Rules whose findings end in exit code 100. Default: every warning and error.',
    );
  addSessionFlags(command);
  return command.action(async (patterns: string[], options: Options) => {
    await runAudit(patterns, options, command, context);
  });
}

/** A file to write and how; opened before the audit, so that a wrong path costs no audit. */
interface Target {
  readonly file: AtomicFile;
  readonly format: Format;
}

async function runAudit(
  patterns: readonly string[],
  options: Options,
  command: Command,
  { io, dependencies, end }: CommandContext,
): Promise<void> {
  const search = await promptSearch(io.cwd);
  const settings = readSettings(command, search.settingsOf());
  const resultFormat = format(options.format);
  const failOn = readFailOn(options.failOn);
  const targets = await openTargets(options, resultFormat, io.cwd);
  const progress = new Progress(io.err);
  try {
    const inputs = await dependencies.findPrompts(patterns, io.cwd, io.signal, {
      ...search.options,
      note: (line) => progress.note(line),
    });
    const groups = groupBySettings(inputs, (uri) => readSettings(command, search.settingsOf(uri)));
    const session = await openModelSession(settings, options, { io, progress, dependencies });
    let outcome: AuditOutcome;
    try {
      const stream = auditGroups(
        dependencies.audit,
        groups,
        (_, signal) => session.load(signal),
        io.signal,
        session.results,
      );
      outcome = await follow(stream, progress);
    } finally {
      progress.stop();
      session.close();
    }
    const { report } = outcome;
    for (const target of targets) await target.file.commit(target.format.render(report));
    if (options.output === undefined) {
      const color = usesColor(io.out, io.env);
      const { columns: width } = io.out;
      await io.out.write(resultFormat.render(report, { color, ...(width !== undefined && { width }) }));
    }
    for (const { file } of targets) io.err.write(`Wrote ${file.path}\n`);
    switch (outcome.status) {
      case 'completed':
        end(report.findings.some((finding) => fails(finding, failOn)) ? 'findings' : 'nothingToReport');
        break;
      case 'cancelled':
        io.err.write('Cancelled: the result above is partial.\n');
        end('notDone');
        break;
      case 'failed':
        io.err.write(describeError(outcome.error ?? new Error(report.reason ?? 'The audit failed.')));
        end('notDone');
        break;
    }
  } finally {
    progress.stop();
    for (const { file } of targets) await file.discard();
  }
}

async function openTargets({ output, report }: Options, resultFormat: Format, cwd: string): Promise<Target[]> {
  if (output !== undefined && report !== undefined && path.resolve(cwd, output) === path.resolve(cwd, report)) {
    throw new HoldfastError('invalid-settings', '--output and --report name the same file.', 'Name two files.');
  }
  const targets: Target[] = [];
  try {
    if (output !== undefined) targets.push({ file: await AtomicFile.open(output, cwd), format: resultFormat });
    if (report !== undefined) targets.push({ file: await AtomicFile.open(report, cwd), format: format('html') });
    return targets;
  } catch (error) {
    for (const { file } of targets) await file.discard();
    throw error;
  }
}
