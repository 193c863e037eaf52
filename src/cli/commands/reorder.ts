import path from 'node:path';
import { Command } from 'commander';
import type { AuditInput } from '../../analyzer/outcome.ts';
import type { ReorderOutcome } from '../../analyzer/reorder.ts';
import type { Fix, Report } from '../../analyzer/report.ts';
import { counted, twoDecimals } from '../../analyzer/rules/wording.ts';
import { HoldfastError } from '../../errors.ts';
import { follow, type CommandContext } from '../command.ts';
import { Progress } from '../progress.ts';
import { promptSearch } from '../promptSearch.ts';
import { describeError } from '../reportError.ts';
import { addSessionFlags, openModelSession, type SessionFlags } from '../session.ts';
import { addSettingFlags, readSettings } from '../settingFlags.ts';
import { applyEdits, replaceIfUnchanged } from '../sourceFile.ts';
import { unifiedDiff } from '../unifiedDiff.ts';

interface Options extends SessionFlags {
  readonly write?: true;
}

export function reorderCommand(context: CommandContext): Command {
  const command = new Command('reorder')
    .summary('find an order of a prompt that survives compression better')
    .description(
      'Tries orders of the list items and paragraphs of a prompt, runs the promising ones again, and shows the best as a diff if it measured better. Changes no word.',
    )
    .argument('<FILE>', 'file with one prompt');
  addSettingFlags(command).option('--write', 'Write the new order to the file.');
  addSessionFlags(command);
  return command.action(async (file: string, options: Options) => {
    await runReorder(file, options, command, context);
  });
}

async function runReorder(file: string, options: Options, command: Command, context: CommandContext): Promise<void> {
  const { io, dependencies, end } = context;
  const search = await promptSearch(io.cwd);
  const settings = readSettings(command, search.settingsOf(file));
  const input = onlyPrompt(await dependencies.findPrompts([file], io.cwd, io.signal, search.options), file);
  const progress = new Progress(io.err);
  let outcome: ReorderOutcome;
  try {
    const session = await openModelSession(settings, options, { io, progress, dependencies });
    try {
      outcome = await follow(dependencies.reorder(input, session.load, settings, io.signal, session.results), progress);
    } finally {
      session.close();
    }
  } finally {
    progress.stop();
  }
  switch (outcome.status) {
    case 'cancelled':
      io.err.write('Cancelled: no order is offered.\n');
      end('notDone');
      return;
    case 'failed':
      io.err.write(describeError(outcome.error ?? new Error(outcome.reason)));
      end('notDone');
      return;
    case 'completed':
  }
  const { fix } = outcome;
  if (fix === null) {
    await io.out.write(`No better order was found: ${outcome.reason}\n`);
    return;
  }
  const newFile = applyEdits(input.fileText, fix.edits);
  await io.out.write(
    `${beforeAndAfter(fix, outcome.before)}\n${unifiedDiff(input.fileText, newFile, path.relative(io.cwd, path.resolve(io.cwd, file)))}`,
  );
  if (options.write === true) {
    await replaceIfUnchanged(file, input.fileText, newFile, io.cwd);
    io.err.write(`Wrote ${file}\n`);
  } else io.err.write('Nothing was written. Add --write to apply this order.\n');
}

function onlyPrompt(inputs: readonly AuditInput[], file: string): AuditInput {
  const [input, ...others] = inputs;
  if (input !== undefined && others.length === 0) return input;
  throw new HoldfastError(
    'no-prompts',
    `${file} has ${inputs.length === 0 ? 'no prompt' : `${inputs.length} prompts`}; reorder works on one.`,
    'Name a file with one prompt. "holdfast prompts FILE" lists what is found.',
  );
}

/** The measurement of both orders, in all and per variant that changed. */
function beforeAndAfter(fix: Fix, report: Report): string {
  const { before, after } = fix;
  const rows = [
    ['', 'before', 'after'],
    [`lost, of ${counted(before.pairs, 'instruction x variant pair')}`, `${before.lost}`, `${after.lost}`],
    ['largest leak of the directives', twoDecimals(before.leak), twoDecimals(after.leak)],
  ];
  const variants = report.prompts.flatMap((prompt) => prompt.variants);
  for (const cell of fix.cells) {
    const variant = variants.find(({ id }) => id === cell.variant);
    const name = variant?.title ?? cell.variant;
    const leakMoved = Math.abs(cell.leakBefore - cell.leakAfter) >= 0.005;
    if (!leakMoved && cell.lostBefore === cell.lostAfter) continue;
    const values = (lost: number, leak: number): string => `lost ${lost}, leak ${twoDecimals(leak)}`;
    rows.push([name, values(cell.lostBefore, cell.leakBefore), values(cell.lostAfter, cell.leakAfter)]);
  }
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const table = rows.map((row) =>
    row
      .map((value, column) => value.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  return [fix.title, ...table, ...fix.cautions.map((caution) => `Caution: ${caution}`), ''].join('\n');
}
