import type { Relation } from '../relation.ts';
import { numberOf, numberPattern as N } from './numbers.ts';

/** How an amount is bounded. `isExact` marks "exactly", "only" and the like, which give two bounds. */
export interface Bound {
  readonly relation: Relation;
  readonly n: number;
}

const atLeast = (n: number): Bound => ({ relation: 'at least', n });
const lessThan = (n: number): Bound => ({ relation: 'less than', n });
const atMost = (n: number): Bound => lessThan(n + 1);
const within = (from: number, to: number): Bound[] => [atLeast(Math.min(from, to)), atMost(Math.max(from, to))];
const exactly = (n: number): Bound[] => within(n, n);

interface Wording {
  /** `N` are numbers, `U` the unit. */
  readonly pattern: string;
  readonly bounds: (first: number, second: number) => readonly Bound[];
}

const lower =
  '(?:at least|never (?:be )?(?:less|fewer|shorter) than|no(?:t)? (?:less|fewer) than|a minimum(?: of)?|minimum(?: of)?|min\\.?)';
const upper =
  "(?:at most|no(?:t)? more than|(?:no|not|nothing|never|none)(?: be)? (?:longer|larger|higher|greater) than|up to|a maximum(?: of)?|maximum(?: of)?|max\\.?|not (?:to )?exceed(?:ing)?|(?:do not|don['’]t|never|cannot|should not|must not) (?:exceed|surpass|go (?:over|beyond|above))|within|limited to|limit(?:ed)? (?:it |this |your \\w+ |the \\w+ )?to)";
const below = '(?:(?:less|fewer|shorter) than|under|below)';
const above = '(?:more than|over|exceed(?:ing|s)?|above|longer than|greater than|upwards? of)';
const total = '(?: a total of)?';

/** From the most to the least particular: the first that matches decides. */
const wordings: readonly Wording[] = [
  { pattern: `(?:between |from )?(N)(?: (?:and|to|or) | ?[-–—] ?)(N) U`, bounds: within },
  {
    pattern: `(?:the )?(?:number of U|U count)[^.!?]{0,60}?(?:between|from|range(?: of| is)?) (N) (?:and|to) (N)`,
    bounds: within,
  },
  { pattern: `(?:the )?(?:number of U|U count)[^.!?]{0,60}?(?:${below}) (N)`, bounds: (n) => [lessThan(n)] },
  { pattern: `(?:the )?(?:number of U|U count)[^.!?]{0,60}?(?:${lower}) (N)`, bounds: (n) => [atLeast(n)] },
  { pattern: `(?:the )?(?:number of U|U count)[^.!?]{0,60}?(?:${upper}) (N)`, bounds: (n) => [atMost(n)] },
  { pattern: `(?:the )?(?:number of U|U count)[^.!?]{0,60}?(?:${above}) (N)`, bounds: (n) => [atLeast(n + 1)] },
  { pattern: `(?:exactly|precisely) (N) U`, bounds: exactly },
  { pattern: `${lower}${total} (N) U`, bounds: (n) => [atLeast(n)] },
  { pattern: `(N)(?: ?\\+| ?plus| or more) U`, bounds: (n) => [atLeast(n)] },
  {
    pattern: `(N) U(?: in length)?(?:,? or (?:more|longer|over|above)| (?:min(?:imum)?|at least|and (?:up|above))\\b)`,
    bounds: (n) => [atLeast(n)],
  },
  { pattern: `${upper}${total} (N) U`, bounds: (n) => [atMost(n)] },
  { pattern: `(N)(?: or (?:less|fewer)) U`, bounds: (n) => [atMost(n)] },
  {
    pattern: `(N) U(?: in length)?(?:,? or (?:less|fewer|shorter|under|below)| (?:max(?:imum)?|at most|tops)\\b)`,
    bounds: (n) => [atMost(n)],
  },
  { pattern: `${below}${total} (N) U`, bounds: (n) => [lessThan(n)] },
  { pattern: `${above}${total} (N) U`, bounds: (n) => [atLeast(n + 1)] },
];

/** Words that may stand between a number and its unit, as in "ten short sentences". */
const between =
  "(?:(?!(?:per|of|and|or|to|in|for|with|from|each|every|characters?|chars?|words?|sentences?|paragraphs?|minutes?|times?) )[\\p{L}'’-]+ ){0,2}?";

/** A pattern in which a blank stands for any white space. */
const spaced = (pattern: string): string => pattern.replaceAll(' ', '\\s+').replaceAll('\\s+?', '\\s*');

/** Whether a text names a unit at all. Most texts do not, and compiling all wordings takes longer than matching them. */
const mentions = new Map<string, RegExp>();

function mentionsUnit(text: string, unit: string): boolean {
  let pattern = mentions.get(unit);
  if (pattern === undefined) mentions.set(unit, (pattern = new RegExp(spaced(unit), 'iu')));
  return pattern.test(text);
}

const cache = new Map<string, readonly (readonly [RegExp, Wording])[]>();

function patternsFor(unit: string): readonly (readonly [RegExp, Wording])[] {
  const known = cache.get(unit);
  if (known !== undefined) return known;
  const made = wordings.map((wording): readonly [RegExp, Wording] => {
    const source = wording.pattern
      .replaceAll('(N) U', `(N)(?: |-)U`)
      .replaceAll('U', `${between}(?:${unit})`)
      .replaceAll('(N)', `(${N})`);
    return [new RegExp(`(?<![\\p{L}\\p{N}])${spaced(source)}(?![\\p{L}])`, 'iu'), wording];
  });
  cache.set(unit, made);
  return made;
}

/** The bounds that a text sets for an amount of `unit` (a pattern without groups); none where it sets none. */
export function boundsOf(text: string, unit: string): readonly Bound[] {
  if (!mentionsUnit(text, unit)) return [];
  // What stands in brackets explains: "under 3 sentences (just 1 or 2, not 3)".
  for (const each of new Set([text.replace(/\([^()]*\)/g, ' '), text])) {
    for (const [pattern, { bounds }] of patternsFor(unit)) {
      const match = pattern.exec(each);
      if (match !== null) return bounds(numberOf(match[1]!), numberOf(match[2] ?? '0')).filter(({ n }) => n > 0);
    }
  }
  return [];
}

const few: Readonly<Record<string, number>> = { once: 1, twice: 2, thrice: 3 };
const fewPattern = '(once|twice|thrice)';
const fewTimes: readonly (readonly [RegExp, (n: number) => readonly Bound[]])[] = [
  [new RegExp(`\\b(?:exactly|precisely)\\s+${fewPattern}\\b`, 'iu'), exactly],
  [new RegExp(`\\b${lower}\\s+${fewPattern}\\b`, 'iu'), (n) => [atLeast(n)]],
  [new RegExp(`\\b${fewPattern}\\s+or\\s+more\\b`, 'iu'), (n) => [atLeast(n)]],
  [new RegExp(`\\b${upper}\\s+${fewPattern}\\b`, 'iu'), (n) => [atMost(n)]],
  [new RegExp(`\\bonly\\s+${fewPattern}\\b`, 'iu'), (n) => [atMost(n)]],
  [new RegExp(`\\b${fewPattern}\\s+(?:or\\s+(?:less|fewer)|at\\s+most)\\b`, 'iu'), (n) => [atMost(n)]],
  [new RegExp(`\\b${below}\\s+${fewPattern}\\b`, 'iu'), (n) => [lessThan(n)]],
  [new RegExp(`\\b${above}\\s+${fewPattern}\\b`, 'iu'), (n) => [atLeast(n + 1)]],
  [new RegExp(`\\b${fewPattern}\\b`, 'iu'), (n) => [atLeast(n)]],
];
const bareTimes = new RegExp(`(${N})\\s+(?:\\p{L}+\\s+)?times?\\b`, 'iu');

/** How often something has to occur. A bare "three times" means at least three. */
export function timesOf(text: string): readonly Bound[] {
  const bounds = boundsOf(text, 'times?');
  if (bounds.length > 0) return bounds;
  for (const [pattern, make] of fewTimes) {
    const match = pattern.exec(text);
    if (match !== null) return make(few[match[1]!.toLowerCase()]!);
  }
  const bare = bareTimes.exec(text);
  return bare === null ? [] : [atLeast(numberOf(bare[1]!))];
}
