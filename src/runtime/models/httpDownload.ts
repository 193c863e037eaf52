import { setTimeout as sleep } from 'node:timers/promises';
import type { PartialFile } from './partialFile.ts';
import { SourceFailure } from './sourceFailure.ts';

/** A connection that delivers nothing for so long is dead; slow ones may take as long as they need. */
const STALL_MS = 30_000;
/** How often a broken connection is taken up again. Each must have delivered something, so an absent server fails at once. */
const MAX_CONNECTIONS = 8;
const RECONNECT_MS = 300;

export interface HttpDownloadOptions {
  /** Asks for the file with these headers. May throw `SourceFailure` for an answer that explains itself. */
  readonly request: (init: {
    readonly headers: Record<string, string>;
    readonly signal: AbortSignal;
  }) => Promise<Response>;
  readonly signal: AbortSignal;
  /** Told after each chunk. */
  readonly progress: (done: number) => void;
  readonly stallMs?: number | undefined;
}

/**
 * Appends to `partial` until it has `bytes` bytes, with a Range request when it is not empty. Throws `SourceFailure`
 * (what arrived so far stays in `partial` unless it cannot be the expected file), or the signal's reason.
 */
export async function downloadHttp(partial: PartialFile, bytes: number, options: HttpDownloadOptions): Promise<void> {
  for (let connection = 1; partial.length < bytes; connection += 1) {
    const received = { bytes: 0 };
    try {
      await downloadOnce(partial, bytes, received, options);
    } catch (error) {
      options.signal.throwIfAborted();
      if (error instanceof SourceFailure || isFileError(error)) throw error;
      if (received.bytes === 0 || connection === MAX_CONNECTIONS)
        throw new SourceFailure('unreachable', describeNetworkError(error), { cause: error });
      await sleep(RECONNECT_MS, undefined, { signal: options.signal });
    }
  }
}

async function downloadOnce(
  partial: PartialFile,
  bytes: number,
  received: { bytes: number },
  { request, signal, progress, stallMs = STALL_MS }: HttpDownloadOptions,
): Promise<void> {
  const stall = new AbortController();
  const timer = setTimeout(() => stall.abort(new Error(`no data for ${stallMs / 1000} s`)), stallMs);
  try {
    const response = await request({
      // Sizes and ranges count stored bytes, so no transfer compression.
      headers: {
        'accept-encoding': 'identity',
        ...(partial.length > 0 ? { range: `bytes=${partial.length}-` } : {}),
      },
      signal: AbortSignal.any([signal, stall.signal]),
    });
    await checkResponse(response, partial, bytes);
    if (response.body === null) throw new SourceFailure('content', 'an empty answer');
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      timer.refresh();
      if (partial.length + chunk.byteLength > bytes) await rejectSize(partial, bytes, `more than ${bytes}`);
      await partial.append(chunk);
      received.bytes += chunk.byteLength;
      progress(partial.length);
      signal.throwIfAborted();
    }
    // A broken connection throws above, so a clean end is the server's idea of the whole file.
    if (partial.length < bytes) await rejectSize(partial, bytes, String(partial.length));
  } finally {
    clearTimeout(timer);
    stall.abort(); // releases the connection when a check failed
  }
}

/** Leaves `partial` where the body will continue it, or throws. */
async function checkResponse(response: Response, partial: PartialFile, bytes: number): Promise<void> {
  switch (response.status) {
    case 206: {
      const range = /^bytes (\d+)-\d+\/(\d+|\*)$/u.exec(response.headers.get('content-range') ?? '');
      if (range === null || Number(range[1]) !== partial.length)
        throw new SourceFailure('unreachable', 'the server answered with another part of the file than was asked for');
      if (range[2] !== '*' && Number(range[2]) !== bytes) await rejectSize(partial, bytes, range[2]!);
      return;
    }
    case 200: {
      const length = response.headers.get('content-length');
      if (length !== null && Number(length) !== bytes) await rejectSize(partial, bytes, length);
      await partial.restart(); // the server ignores ranges and sends everything
      return;
    }
    case 416:
      return rejectSize(partial, bytes, `at most ${partial.length}`);
    default:
      throw new SourceFailure('unreachable', `HTTP ${response.status} ${response.statusText}`.trimEnd());
  }
}

async function rejectSize(partial: PartialFile, expected: number, actual: string): Promise<never> {
  await partial.restart();
  throw new SourceFailure('content', `wrong size: ${actual} bytes instead of ${expected}`);
}

/** Errors of the file system come as they are; fetch wraps those of the network in errors without a system call. */
const isFileError = (error: unknown): boolean => (error as NodeJS.ErrnoException).syscall !== undefined;

/** fetch reports every failure of the network as a TypeError with this message. */
export const isNetworkError = (error: unknown): boolean =>
  error instanceof TypeError && error.message === 'fetch failed';

/** fetch says only "fetch failed"; the reason is in the chain of causes. */
export function describeNetworkError(error: unknown): string {
  let reason = error;
  while (reason instanceof Error && reason.cause !== undefined) reason = reason.cause;
  if (!(reason instanceof Error)) return String(reason);
  const { code } = reason as NodeJS.ErrnoException;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `host name not found (${code})`;
  return reason.message === '' ? (code ?? 'connection failed') : reason.message;
}
