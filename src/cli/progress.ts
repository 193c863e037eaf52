import type { Io } from './io.ts';

/** Fast enough to look alive, slow enough not to flood a slow terminal. */
const redrawMs = 100;
/** The elapsed time moves on even while one long step runs. */
const tickMs = 1000;
/** Without a terminal: a line per tenth of the work, or when nothing was said for this long. */
const sparseMs = 10_000;
const sparseStep = 0.1;
const barCells = 20;

/** Progress on stderr: one line that is redrawn on a terminal, now and then a line in a log. */
export class Progress {
  readonly #started = performance.now();
  readonly #timer: NodeJS.Timeout | undefined;
  #last: { fraction: number; label: string } | undefined;
  #drawnAt = -Infinity;
  #drawnFraction = -Infinity;
  #visible = false;

  constructor(readonly err: Io['err']) {
    if (err.isTty) this.#timer = setInterval(() => this.#draw(true), tickMs).unref();
  }

  /** `fraction` is 0..1. */
  update(fraction: number, label: string): void {
    this.#last = { fraction, label };
    this.#draw(false);
  }

  /** A line that stays, above the progress. */
  note(text: string): void {
    this.#erase();
    this.err.write(`${text}\n`);
    if (this.err.isTty) this.#draw(true);
  }

  /** Removes the line from the terminal and stops. */
  stop(): void {
    clearInterval(this.#timer);
    this.#erase();
    this.#last = undefined;
  }

  #draw(force: boolean): void {
    if (this.#last === undefined) return;
    const now = performance.now();
    const { fraction, label } = this.#last;
    const due = this.err.isTty
      ? force || now - this.#drawnAt >= redrawMs
      : fraction - this.#drawnFraction >= sparseStep || now - this.#drawnAt >= sparseMs;
    if (!due) return;
    this.#drawnAt = now;
    this.#drawnFraction = fraction;
    const share = `${String(Math.floor(fraction * 100)).padStart(3)} %`;
    const elapsed = `${Math.round((now - this.#started) / 1000)} s`;
    if (!this.err.isTty) {
      this.err.write(`${share}  ${label}  (${elapsed})\n`);
      return;
    }
    const filled = Math.round(fraction * barCells);
    const bar = `[${'#'.repeat(filled)}${'-'.repeat(barCells - filled)}]`;
    const line = `${bar} ${share}  ${elapsed}  ${label}`;
    this.err.write(`\r${line.slice(0, Math.max(20, (this.err.columns ?? 80) - 1))}\u001b[K`);
    this.#visible = true;
  }

  #erase(): void {
    if (this.#visible) this.err.write('\r\u001b[K');
    this.#visible = false;
  }
}
