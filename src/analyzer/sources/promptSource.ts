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
  /** True when the patterns say little, as for `*.json`: the content decides, and a file without a prompt is no news. */
  readonly isScan?: true;
  /** Of a source that scans: a text without this holds none of its prompts, and is not parsed. */
  readonly hint?: RegExp;
  /** True when its prompts are user turns: found only where the file is named or a configuration includes it. */
  readonly isOnRequest?: true;
  /** True when a tool puts text of its own around these files. */
  readonly isHosted?: true;
  readonly extract: (file: SourceFile, options: ExtractionOptions) => Extraction | Promise<Extraction>;
}

/** A file as a source reads it. */
export interface SourceFile {
  /** As reports name it. */
  readonly uri: string;
  readonly text: string;
  /** Reads a file that this one names, by a path relative to it. */
  readonly read: FileReader;
}

export type FileReader = (path: string) => Promise<ReadFile>;

/** Another file, or why it cannot be read. */
export type ReadFile =
  SourceFile | { readonly reason: string; /** The path leads out of the workspace. */ readonly isOutside?: true };

/** Where there are no other files: untitled documents, tests. */
export const readsNothing: FileReader = (path) =>
  Promise.resolve({ reason: `${path} is not read here`, isOutside: true });

/** How template variables and branches are filled in. */
export interface ExtractionOptions {
  /** Tokens, roughly, of the neutral words that stand in for a variable without a sample value. */
  readonly standInTokens: number;
  /** Which branch of `{% if %}` is taken: the first, the last (`else`), or all of them one after the other. */
  readonly branch: 'first' | 'last' | 'all';
  /** Values of template variables; they win over the samples of a file. */
  readonly values: Readonly<Record<string, unknown>>;
}

export const defaultExtraction: ExtractionOptions = { standInTokens: 4, branch: 'first', values: {} };

/** The prompts of one file, or why it holds none. */
export interface Extraction {
  readonly prompts: readonly Prompt[];
  /** Prompts that this file uses and another one holds, as with `readFileSync('system.md')`: what is found is about those. */
  readonly elsewhere?: readonly PromptElsewhere[];
  /** Null when there are prompts, here or elsewhere. */
  readonly reason: string | null;
}

/** A prompt with the text of its own file. */
export interface PromptElsewhere {
  readonly prompt: Prompt;
  readonly fileText: string;
}
