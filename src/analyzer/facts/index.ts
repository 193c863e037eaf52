import { instructionChecks } from '../checks/instructionChecks.ts';
import type { Segmentation, Span, TextRange } from '../prompt.ts';
import { codeRanges } from '../segmentation/sentences.ts';
import type { Fact, FactKind } from './fact.ts';
import { factPatterns, noName, statesName } from './factPatterns.ts';

export { factKinds, type Fact, type FactKind } from './fact.ts';

const mostFacts = 100;
/** A lead-in this far away no longer leads in. */
const longestLeadIn = 200;
const longestSpan = 4000;

/**
 * The facts that a prompt states, each with the words that lead in to it, in the order of the text. Rather too few than too many:
 * a value without words before it, in code or an example, in a rule about the form of the response, or of a name that no words
 * announce, is none.
 */
export function findFacts(text: string, segmentation: Pick<Segmentation, 'spans' | 'instructions'>): Fact[] {
  const asked = instructionChecks(text, segmentation).map(({ range }) => range);
  return segmentation.spans
    .filter(({ kind }) => kind !== 'example' && kind !== 'heading' && kind !== 'format')
    .flatMap((span) => factsIn(text, span))
    .filter(({ range }) => !asked.some((other) => overlap(range, other)))
    .slice(0, mostFacts);
}

const overlap = (a: TextRange, b: TextRange): boolean => a.start < b.end && b.start < a.end;

function factsIn(text: string, { range, kind: spanKind }: Span): Fact[] {
  const source = text.slice(range.start, Math.min(range.end, range.start + longestSpan));
  const taken: TextRange[] = [...codeRanges(source), ...holesIn(source)];
  const facts: Fact[] = [];
  for (const [kind, pattern] of factPatterns) {
    for (const match of source.matchAll(pattern)) {
      const at = { start: match.index, end: match.index + match[0].length };
      if (taken.some((other) => overlap(at, other))) continue;
      const leadIn = leadInOf(source, at.start);
      if (
        leadIn === undefined ||
        !states({
          kind,
          value: match[0],
          leadIn: source.slice(leadIn.start, at.start),
          after: source.slice(at.end, at.end + 2),
          spanKind,
        })
      )
        continue;
      taken.push(at);
      facts.push({ kind, text: match[0], range: moved(at, range.start), leadIn: moved(leadIn, range.start) });
    }
  }
  return facts.toSorted((a, b) => a.range.start - b.range.start);
}

const moved = ({ start, end }: TextRange, by: number): TextRange => ({ start: start + by, end: end + by });

/** Variables of templates: their text is not the author's. */
const holesIn = (source: string): TextRange[] =>
  [...source.matchAll(/\{\{?[^{}]*\}?\}|<[A-Za-z_][^<>]*>/g)].map(({ index, 0: hole }) => ({
    start: index,
    end: index + hole.length,
  }));

/** From the beginning of the sentence, line or list item to the value; undefined where nothing leads in. */
function leadInOf(source: string, start: number): TextRange | undefined {
  const before = source.slice(Math.max(0, start - longestLeadIn), start);
  const offset = start - before.length;
  const cut = [...before.matchAll(/[.!?]["'”’)]?\s+(?=[\p{Lu}"“])|\n+|\|/gu)].at(-1);
  let from = cut === undefined ? 0 : cut.index + cut[0].length;
  from += /^\s*(?:[-*•+]\s+|\d{1,3}[.)]\s+|#{1,6}\s+|>\s*)?/u.exec(before.slice(from))![0].length;
  const words = before.slice(from).match(/\p{L}{2,}/gu)?.length ?? 0;
  const isLabel = words === 1 && /:[*_]*\s*$/u.test(before);
  return words >= 2 || isLabel ? { start: offset + from, end: start } : undefined;
}

interface Candidate {
  readonly kind: FactKind;
  readonly value: string;
  readonly leadIn: string;
  /** The characters behind the value. */
  readonly after: string;
  readonly spanKind: Span['kind'];
}

const exampleWords = /\b(?:e\.g\.|for example|for instance|such as|like|example)\b[^.]*$/iu;
const partWords = /\b(?:version|section|step|chapter|figure|page|line|rule|level)\s*$/iu;
const phoneWords = /\b(?:phone|call|tel|telephone|hotline|fax|mobile|number|dial|text|whatsapp)\b/iu;
const dateWords = /\b(?:on|is|are|was|until|since|from|by|before|after|begins?|starts?|ends?|expires?|of)\s*$|:\s*$/iu;
const amountWords =
  /\b(?:is|are|was|takes?|lasts?|has|have|costs?|within|after|for|of|to|than|least|most|about|every|only|up to|charges?|valid)\s*$|:\s*$/iu;
const responseWords = /\b(?:answers?|repl(?:y|ies)|responses?|sentences?|words|paragraphs?|bullets?)\b/iu;

/** Whether the words before a value state it. */
function states({ kind, value, leadIn, after, spanKind }: Candidate): boolean {
  if (exampleWords.test(leadIn) || partWords.test(leadIn)) return false;
  switch (kind) {
    case 'email':
    case 'hours':
    case 'price':
      return true;
    case 'url':
      return !leadIn.endsWith(']('); // where a link leads to is no statement
    case 'phone':
      return (value.match(/\d/g)?.length ?? 0) >= 6 && (/^[+0(]/u.test(value) || phoneWords.test(leadIn));
    case 'date':
      return dateWords.test(leadIn);
    case 'number':
      // The end of a range, a case and a prohibition name an amount and state none.
      if (spanKind === 'prohibition' || /^(?:if|when)\b|\d\s*(?:to|and)\s*$/iu.test(leadIn)) return false;
      return amountWords.test(leadIn) && !responseWords.test(leadIn);
    case 'name':
      if (noName.test(value.split(/\s/)[0]!)) return false;
      return statesName.test(leadIn) || (/^you are $/iu.test(leadIn) && /^(?:[,.]|$)/u.test(after));
  }
}
