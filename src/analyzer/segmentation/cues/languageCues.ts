/** Stands for a quotation in the text that cues are matched against: its words are not the author's own. */
export const quotationMark = '\uE000';

/**
 * Words that show what a sentence asks for, in one language. They are matched against lower-cased text in which code is
 * blanked out and a quotation is one `quotationMark`. A cue may be a word of another language too: only the languages of the
 * prompt are tried.
 */
export interface LanguageCues {
  /** How to tell the language: letters of its script, or its commonest words that few others share. */
  readonly script?: RegExp;
  readonly functionWords: ReadonlySet<string>;
  /** What must not be disclosed, as the object of a verb in `disclosing`. */
  readonly secrets: RegExp;
  readonly disclosing: RegExp;
  /** Forbids or refuses, within a sentence about disclosing. */
  readonly refusing: RegExp;
  readonly confidential: RegExp;
  /** Stands for the secrets named by the sentence before. */
  readonly pronouns: RegExp;
  readonly identity: RegExp;
  readonly prohibition: RegExp;
  /** Forbids only inside a sentence that gives an instruction anyway. */
  readonly weakProhibition: RegExp;
  /** Joins a forbidding rule to the rule before it; follows the comma or semicolon that separates them. */
  readonly contrast: RegExp;
  /** Names the reply itself, or how it is to be given. */
  readonly reply: RegExp;
  /** Names a property of text; about the reply unless the sentence is about code. */
  readonly shape: RegExp;
  /** Says of a thing how it looks, limits it, or fixes it: "has at most 60 characters", "are written as". */
  readonly limit: RegExp;
  /** Asks for behaviour wherever it stands. */
  readonly modal: RegExp;
  /** Asks for behaviour less firmly: "should", "if possible". */
  readonly tentative: RegExp;
  /** The start of a sentence or clause that asks for behaviour. */
  readonly imperative: RegExp;
  /** Opens a condition; what follows its comma may be imperative. */
  readonly condition: RegExp;
  /** Words that tie a sentence to the one before it. */
  readonly dependency: RegExp;
  /** The start of a statement of fact. */
  readonly statement: RegExp;
  /** Announces an example. */
  readonly example: RegExp;
  /** A whole heading over facts. */
  readonly facts: RegExp;
  /** A whole heading over what is forbidden. */
  readonly avoided: RegExp;
  /** A whole heading over what is asked for. */
  readonly required: RegExp;
  /** A whole heading over properties of the reply. */
  readonly formats: RegExp;
  /** A lead-in over properties of the reply, without its colon. */
  readonly formatLeadIn: RegExp;
}

/** Matches nothing: a cue that a language does not have. */
export const never = /(?!)/;

/** A pattern of whole words, any script: `\b` knows ASCII letters only. */
export const words = (alternatives: string): RegExp =>
  new RegExp(`(?<![\\p{L}\\p{N}])(?:${alternatives})(?![\\p{L}\\p{N}])`, 'u');
/** The same at the start of the text, after quotes, brackets and emphasis. */
export const start = (alternatives: string): RegExp =>
  new RegExp(`^[\\s*_"'“„«(\\[¿¡\uE000]*(?:${alternatives})(?![\\p{L}\\p{N}])`, 'u');

/** A heading that is, or ends in, one of these words, perhaps with what they are about. */
export const heading = (alternatives: string): RegExp =>
  new RegExp(`^(?:[\\p{L}&,’' -]+ )?(?:${alternatives})(?: (?:about|on|of|for|über|zu|sur|de|sobre) .*)?$`, 'u');

/** A whole heading, perhaps after an article. */
export const wholeHeading = (alternatives: string): RegExp => new RegExp(`^(?:${alternatives})[:：]?$`, 'u');

export const wordSet = (spaced: string): ReadonlySet<string> => new Set(spaced.split(' '));
