import type { Report } from '../report.ts';

export interface FormatOptions {
  /** ANSI colours, for a terminal that shows them. */
  readonly color?: boolean;
  /** Columns of the terminal. */
  readonly width?: number;
}

/** One way to write a report. Every format reads the same value and shows prompts only where it stays on the machine. */
export interface Format {
  readonly id: string;
  readonly summary: string;
  /** The whole output, ending in a line break. */
  render(report: Report, options?: FormatOptions): string;
}
