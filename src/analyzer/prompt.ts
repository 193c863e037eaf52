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

/**
 * How text is written at a place of a file, so that an edit of the prompt can be written back: what a character has to be
 * escaped as, and what stands for a line end before a line with text and before a blank one.
 */
export interface Encoding {
  readonly escape: 'none' | 'json' | 'js' | 'template-literal' | 'python' | 'yaml-double' | 'yaml-single' | 'xml';
  /** The quote that ends the literal, for escapes that depend on it. */
  readonly quote: string;
  readonly lineEnd: string;
  readonly blankLineEnd: string;
}

/** Text of a prompt that its file does not literally hold: a template variable, an import. No finding is about it. */
export interface Hole {
  readonly name: string;
  /** Where its text comes from: a value that the format itself gives, a neutral stand-in, or another file. */
  readonly from: 'sample' | 'stand-in' | 'include';
  /** True when it stands outside the quotes of a literal, as in `"a" + name`. */
  readonly isOutside?: true;
}

/** One piece of the map from prompt text to file text. `verbatim: false` maps only as a whole (an escape, a line end). */
export interface PromptSegment {
  readonly text: TextRange;
  readonly file: TextRange;
  readonly verbatim: boolean;
  /** Absent where the file holds plain text. */
  readonly encoding?: Encoding;
  readonly hole?: Hole;
}

/** A text with the map from its characters to ranges of a file. Segments are ascending, disjoint and cover `text`. */
export interface MappedText {
  readonly text: string;
  readonly segments: readonly PromptSegment[];
}

/** A limit at which a tool cuts a file off. */
export interface LengthLimit {
  readonly tool: string;
  readonly unit: 'bytes' | 'characters';
  readonly most: number;
  /** Of that, what other files before this one take: for tools that merge several. */
  readonly before: number;
}

/** Text of a tool that stands before and after the prompt in the system turn. It is measured around, never reported on. */
export interface Host {
  readonly before: string;
  readonly after: string;
  /** What it is, for people: `a stand-in of 800 tokens`, `host.md`. */
  readonly title: string;
}

/** One system prompt found in a file, with the map from its text to file ranges. Line ends in `text` are `\n`. */
export interface Prompt extends MappedText {
  /** File URI or path as the caller named it. */
  readonly uri: string;
  /** Id of the source that found it, such as `agents-md` or `named-file`. */
  readonly source: string;
  /** Who speaks; absent: the system. Only system turns are audited unless the file is named. */
  readonly role?: 'system' | 'developer' | 'user';
  /** True when a name or a shape suggests a prompt and nothing proves it: offered, and audited when the file is named. */
  readonly isLikely?: true;
  readonly host?: Host;
  readonly limits?: readonly LengthLimit[];
  /** User turns that stand beside the prompt in its file (tests, sample data): what its author tries it with. */
  readonly samples?: readonly string[];
  /** What a reader has to know, such as an import that was not followed. */
  readonly notes?: readonly string[];
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
