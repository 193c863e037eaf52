/** A half-open range of UTF-16 code units. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** A zero-based position: `character` counts UTF-16 units of the line. */
export interface Position {
  readonly line: number;
  readonly character: number;
}

/** One piece of the map from prompt text to file text. `verbatim: false` maps only as a whole (an escape, a line end). */
export interface PromptSegment {
  readonly text: TextRange;
  readonly file: TextRange;
  readonly verbatim: boolean;
}

/** One system prompt found in a file, with the map from its text to file ranges. Line ends in `text` are `\n`. */
export interface Prompt {
  /** File URI or path as the caller named it. */
  readonly uri: string;
  /** Id of the source that found it, such as `agents-md` or `named-file`. */
  readonly source: string;
  readonly text: string;
  /** Ascending, disjoint, covering all of `text`. */
  readonly segments: readonly PromptSegment[];
}

/** What a span of a prompt is; the first five ask for behaviour and are instructions (design, section 2). */
export const instructionKinds = ['directive', 'prohibition', 'format', 'identity', 'defense'] as const;
export type InstructionKind = (typeof instructionKinds)[number];
export type SpanKind = InstructionKind | 'context' | 'example' | 'heading';

/** A block of the prompt that a reordering moves as a whole: a list item with its children, or a paragraph. */
export interface Block {
  readonly kind: 'heading' | 'paragraph' | 'list-item' | 'code' | 'table' | 'quote' | 'html' | 'break';
  /** Range in the prompt's text, whole lines, without the separating blank lines. */
  readonly range: TextRange;
  /** Index of the list that an item belongs to, numbered through the prompt. */
  readonly list?: number;
  readonly ordered?: boolean;
  /** Nesting depth of a list item, 0 at top level. */
  readonly depth?: number;
  /** Index of the block that leads in this list (a paragraph ending in a colon). */
  readonly leadIn?: number;
}

/** A span of a prompt. Spans are ascending and disjoint; text between them is separator (markers, blank lines). */
export interface Span {
  readonly kind: SpanKind;
  readonly range: TextRange;
  /** Index of its block. */
  readonly block: number;
  /** True when the author marks it: MUST, NEVER, ALWAYS, IMPORTANT, upper case or bold. */
  readonly strong: boolean;
}

/** How firmly an instruction is meant: `should`, "if possible" and "prefer" make it `should`. */
export const strengths = ['must', 'should'] as const;
export type Strength = (typeof strengths)[number];

/** A span that asks for behaviour. */
export interface Instruction extends Span {
  readonly kind: InstructionKind;
  /** Stable across edits elsewhere: hash of the normalised text, kind and nearest heading; repeats are numbered. */
  readonly id: string;
  readonly text: string;
  readonly strength: Strength;
  /** The author's marker says that it has to hold: losing it is an error. */
  readonly mustHold: boolean;
  /** Ids of rules that a marker disables for it. */
  readonly suppressedRules: readonly string[];
}

/** A marker that is not understood, or has nothing to be about. */
export interface MarkerProblem {
  readonly range: TextRange;
  /** What is wrong, as a clause. */
  readonly message: string;
  /** What to do, as a sentence. */
  readonly hint?: string;
}

export interface Segmentation {
  readonly blocks: readonly Block[];
  readonly spans: readonly Span[];
  /** What is measured and reported on. */
  readonly instructions: readonly Instruction[];
  /** Instructions that a marker takes out of measurement and findings; they are spans like any other. */
  readonly ignored: readonly Instruction[];
  /** Ids of rules that a marker disables for what is found about the prompt as a whole. */
  readonly suppressedRules: readonly string[];
  readonly markerProblems: readonly MarkerProblem[];
}
