import { Command } from 'commander';
import type { CommandContext } from '../command.ts';
import type { CheckResult } from '../doctorChecks.ts';

export function doctorCommand({ io, dependencies, end }: CommandContext): Command {
  return new Command('doctor')
    .summary('check what audits need')
    .description(
      'Checks what audits need: Node, ONNX Runtime, model, folders, memory. Exit code 1 when something fails.',
    )
    .action(async () => {
      let failed = false;
      for (const { title, run } of dependencies.doctorChecks) {
        const result = await run(io.signal).catch((error: unknown): CheckResult => {
          io.signal.throwIfAborted();
          return { status: 'fail', found: error instanceof Error ? error.message : String(error) };
        });
        failed ||= result.status === 'fail';
        const todo = result.todo === undefined ? '' : `\n       ${result.todo}`;
        await io.out.write(`${result.status.padEnd(5)}  ${title}: ${result.found}${todo}\n`);
      }
      end(failed ? 'notDone' : 'nothingToReport');
    });
}
