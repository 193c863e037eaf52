import { existsSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * A runner small enough to live in the extension host: tests run one after the other in the order of the files, and the
 * results go to the file named by HOLDFAST_HOST_RESULT.
 */

interface Test {
  readonly name: string;
  readonly body: () => Promise<void> | void;
}
interface TestResult {
  readonly name: string;
  readonly ms: number;
  readonly failure: string | null;
}

/** One test may run a whole audit of the real model on a busy machine. */
const testLimitMs = 180_000;

const tests: Test[] = [];
let afterEach: () => Promise<void> = () => Promise.resolve();

export function test(name: string, body: Test['body']): void {
  tests.push({ name, body });
}

/** What brings the editor back to a known state between tests. */
export function setAfterEach(reset: () => Promise<void>): void {
  afterEach = reset;
}

/** Called by VS Code. */
export async function run(): Promise<void> {
  const only = (process.env.HOLDFAST_HOST_ONLY ?? '').split('|');
  const results: TestResult[] = [];
  for (const { name, body } of tests.filter((each) => only.some((part) => each.name.includes(part)))) {
    const start = Date.now();
    let failure: string | null = null;
    try {
      await limited(Promise.resolve(body()), name);
      await limited(afterEach(), `reset after ${name}`);
    } catch (error) {
      failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
      await ask({ kind: 'screenshot', name: `failed-${results.length + 1}` });
      await limited(afterEach(), 'reset').catch(() => undefined);
    }
    results.push({ name, ms: Date.now() - start, failure });
    write(results, false);
  }
  write(results, true);
  const failed = results.filter(({ failure }) => failure !== null);
  if (failed.length > 0) throw new Error(`${failed.length} of ${results.length} tests failed.`);
}

/** After every test, so that a host that dies leaves what it had found. */
function write(results: readonly TestResult[], isComplete: boolean): void {
  const file = process.env.HOLDFAST_HOST_RESULT;
  if (file === undefined) return;
  writeFileSync(`${file}.part`, JSON.stringify({ isComplete, tests: results }));
  renameSync(`${file}.part`, file);
}

async function limited<T>(work: Promise<T>, name: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name}: not done after ${testLimitMs / 1000} s.`)), testLimitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until the value is truthy. */
export async function until<T>(what: string, value: () => T | Promise<T>, limitMs = 60_000): Promise<NonNullable<T>> {
  const end = Date.now() + limitMs;
  for (;;) {
    const present = await value();
    if (present !== undefined && present !== null && present !== false) return present;
    if (Date.now() > end) throw new Error(`${what}: not within ${limitMs / 1000} s.`);
    await pause(50);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

type PageRequest =
  | { kind: 'screenshot'; name: string }
  | { kind: 'click-in-notification'; text: string }
  | { kind: 'keys'; keys: string }
  | { kind: 'status' }
  | { kind: 'frame-text' }
  | { kind: 'quick-pick' };

let requestCount = 0;

/** True when a browser page drives the workbench; in Electron there is none. */
export const hasPage = process.env.HOLDFAST_HOST_REQUESTS !== undefined;

/** Asks the page that shows the workbench; nothing happens where there is none. */
export async function ask(request: PageRequest): Promise<{ text?: string }> {
  const folder = process.env.HOLDFAST_HOST_REQUESTS;
  if (folder === undefined) return {};
  const base = path.join(folder, `${requestCount++}`);
  writeFileSync(`${base}.part`, JSON.stringify(request));
  // Renamed into place, so that the reader never sees half a request.
  renameSync(`${base}.part`, `${base}.request`);
  await until(`answer to ${request.kind}`, () => existsSync(`${base}.answer`), 30_000);
  await pause(10);
  const answer = JSON.parse(readFileSync(`${base}.answer`, 'utf8')) as { text?: string; error?: string };
  unlinkSync(`${base}.answer`);
  if (answer.error !== undefined) throw new Error(`${request.kind}: ${answer.error}`);
  return answer;
}
