import { canonical, sameValue } from './canonical.ts';
import type { Fact, FactOutcome } from './fact.ts';
import { factPatterns } from './factPatterns.ts';

export interface Said {
  readonly outcome: FactOutcome;
  /** The value that the answer states; where it states none, how it goes on, on one line. */
  readonly value: string;
}

/** Kinds that are made of digits: any other number in their place is another value. */
const numeric: ReadonlySet<Fact['kind']> = new Set(['phone', 'hours', 'price', 'date', 'number']);

/**
 * Compares the value of a fact with what an answer says after the words that lead in to it. Notation is not compared, as far as
 * that is safe: white space, capitals of names, `1,200.00` and `1200`, `9 am` and `9:00`, `€5` and `5 euros`. A part of a name is
 * no other name.
 */
export function compareSaid({ kind, text }: Pick<Fact, 'kind' | 'text'>, leadIn: string, said: string): Said {
  const answer = said.split('\n', 1)[0]!;
  if (beginsWith(answer, text)) return { outcome: 'stated', value: text };
  const value = valueIn(kind, leadIn, answer) ?? (numeric.has(kind) ? digitsIn(kind, answer) : undefined);
  if (value === undefined) return { outcome: 'none', value: oneLine(answer) };
  const [fact, other] = [canonical(kind, text), canonical(kind, value)];
  if (fact !== undefined && other !== undefined && sameValue(fact, other)) return { outcome: 'stated', value };
  return { outcome: kind === 'name' && isPartOf(value, text) ? 'none' : 'other', value };
}

const oneLine = (text: string): string => text.replaceAll(/\s+/gu, ' ').trim();
const plain = (text: string): string => oneLine(text.replaceAll(/[*_"“”„'‘’`]/gu, '')).toLowerCase();

/** Whether an answer begins with a value, and the value ends there: `$12` does not begin `$120`. */
function beginsWith(answer: string, value: string): boolean {
  const [whole, start] = [plain(answer), plain(value)];
  return whole.startsWith(start) && !/^[.,:/@-]?[\p{L}\p{N}]/u.test(whole.slice(start.length));
}

/** The first value of that kind that an answer states. */
function valueIn(kind: Fact['kind'], leadIn: string, answer: string): string | undefined {
  const pattern = factPatterns.find(([id]) => id === kind)![1];
  const text = leadIn + answer;
  for (const match of text.matchAll(pattern)) {
    if (match.index + match[0].length > leadIn.length) return oneLine(match[0]);
  }
  return undefined;
}

const digitsIn = (kind: Fact['kind'], answer: string): string | undefined =>
  (kind === 'phone' ? /[+(]*\d[\d\s()/-]*\d/u : /\d(?:[\d.,:]*\d)?/u).exec(answer)?.[0];

function isPartOf(value: string, text: string): boolean {
  const words = plain(text).split(' ');
  return plain(value)
    .split(' ')
    .every((word) => words.includes(word));
}
