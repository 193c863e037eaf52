import type { AuditProgress } from '../analyzer/outcome.ts';
import type { Dependencies } from './dependencies.ts';
import type { ExitName } from './exitCodes.ts';
import type { Io } from './io.ts';
import type { Progress } from './progress.ts';

/** What every command works with. */
export interface CommandContext {
  readonly io: Io;
  readonly dependencies: Dependencies;
  /** Says how the command ended; the default is `nothingToReport`. */
  readonly end: (name: ExitName) => void;
}

/** Follows a stream of progress to its outcome. */
export async function follow<Outcome>(
  stream: AsyncGenerator<AuditProgress, Outcome, void>,
  progress: Progress,
): Promise<Outcome> {
  for (;;) {
    const step = await stream.next();
    if (step.done === true) return step.value;
    progress.update(step.value.fraction, step.value.message === '' ? step.value.phase : step.value.message);
  }
}
