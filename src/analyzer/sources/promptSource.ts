import type { Prompt } from '../prompt.ts';

/** A convention by which prompts are kept in files. */
export interface PromptSource {
  /** Stable; part of reports. */
  readonly id: string;
  readonly title: string;
  /** Globs relative to a workspace folder; empty when only a user's choice of file leads to this source. */
  readonly patterns: readonly string[];
  /** Files that match `patterns` and are something else. */
  readonly exclude?: readonly string[];
  readonly extract: (uri: string, fileText: string) => Extraction;
}

/** The prompts of one file, or why it holds none. */
export interface Extraction {
  readonly prompts: readonly Prompt[];
  /** Null when there are prompts. */
  readonly reason: string | null;
}
