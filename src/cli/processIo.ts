import { createInterface } from 'node:readline/promises';
import { HoldfastError } from '../errors.ts';
import type { Io } from './io.ts';

/** What a shell reports for a program that Ctrl-C ended. */
const killedBySigint = 130;

/** The terminal of this process. The first Ctrl-C asks commands to stop and show what they have; the second ends the process. */
export function processIo(host: NodeJS.Process): Io {
  const interrupt = new AbortController();
  const stop = (): void => {
    if (interrupt.signal.aborted) host.exit(killedBySigint);
    host.stderr.write('\nStopping... Press Ctrl-C again to end at once.\n');
    interrupt.abort();
  };
  host.on('SIGINT', stop);
  host.on('SIGTERM', stop);
  // Errors of a write are told to its callback; without a listener they would end the process as well.
  host.stdout.on('error', () => undefined);
  host.stderr.on('error', () => undefined);
  return {
    out: {
      isTty: host.stdout.isTTY,
      get columns() {
        return host.stdout.isTTY ? host.stdout.columns : undefined;
      },
      write: (text) => writeAll(host.stdout, text),
    },
    err: {
      isTty: host.stderr.isTTY,
      get columns() {
        return host.stderr.isTTY ? host.stderr.columns : undefined;
      },
      write: (text) => void host.stderr.write(text),
    },
    confirm:
      host.stdin.isTTY && host.stderr.isTTY ? (question) => confirm(host, question, interrupt.signal) : undefined,
    cwd: host.cwd(),
    env: host.env,
    signal: interrupt.signal,
  };
}

/** Everything but a clear yes is a no. */
async function confirm(host: NodeJS.Process, question: string, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: host.stdin, output: host.stderr });
  try {
    return /^y(es)?$/iu.test((await terminal.question(`${question} [y/N] `, { signal })).trim());
  } finally {
    terminal.close();
  }
}

function writeAll(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      const code = (error as NodeJS.ErrnoException | null | undefined)?.code;
      // The reader has what it wanted: `holdfast audit | head`.
      if (error === null || error === undefined || code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') {
        resolve();
        return;
      }
      const full = code === 'ENOSPC' || code === 'EDQUOT';
      reject(
        new HoldfastError(
          full ? 'disk-space' : 'file-unwritable',
          `The result could not be written to stdout: ${full ? 'the disk is full' : error.message}.`,
          'Write to another place, for example with --output.',
          { cause: error },
        ),
      );
    });
  });
}
