import { space } from './pythonText.ts';

/**
 * Sentences as the Punkt tokenizer cuts them (Kiss and Strunk, "Unsupervised Multilingual Sentence Boundary Detection",
 * 2006): its decision procedure, with short word lists in the place of the statistics of its trained English model. Line
 * ends separate nothing.
 */

/** Words whose full stop is part of them. Newswire English: `etc.`, `e.g.` and `i.e.` are not among them. */
const abbreviations = new Set(
  (
    'mr mrs ms messrs dr prof st jr sr rep reps sen gen col maj lt adm co cos corp inc ltd bros cie vs ave ft yr mg ' +
    'jan feb aug sep sept oct nov dec tues wed fri ala ariz calif colo conn fla ga ill kan ky mich minn nev okla ore pa tenn ' +
    'va vt wash wis a.m p.m u.s u.k u.n u.s.a d.c n.y n.j n.c s.c l.a ph.d a.d b.c'
  ).split(' '),
);

/** Words that, with a capital, start a sentence behind an abbreviation. */
const starters = new Set(
  (
    'according although among both but despite even he however i if in indeed instead it many meanwhile moreover most ' +
    'nevertheless nor since so some the there these they this though thus under when while yet your his here yes does was please'
  ).split(' '),
);

/** Words that are usually written small: a capital behind an initial ("plan B. The ...") means a new sentence. */
const smallWords = new Set(
  (
    'a about after again all also always an and another any are as ask at be because been before begin bring but by call can ' +
    'check choose come could day did do each eat enjoy every few find first for from get give go good great had has have he ' +
    'her here his how i if in into is it its just keep know last let life like look made make many may me more most much my ' +
    'never next no not now of on once one only or other our out over people please put read remember say see she should small ' +
    'so some step such take than that the their them then there these they think this those time to today try two until up use ' +
    'very was we well were what when where which while who why will with without work would write yes you your'
  ).split(' '),
);

const nonWord = '[)";}\\]*:@\'({[?!]';
const runOfMarks = '(?:-{2,}|\\.{2,}|(?:\\.\\s){2,}\\.)';
const tokenPattern = new RegExp(
  `${runOfMarks}|(?=[^("\`{[:;&#*@)}\\]\\-,])\\S+?(?=\\s|$|${nonWord}|${runOfMarks}|,(?=$|\\s|${nonWord}|${runOfMarks}))|\\S`,
  'gu',
);
/** A mark that may end a sentence, with what follows it: punctuation, or white space and the next piece. */
const candidate = new RegExp(`[.?!](?=(${nonWord}|${space}+\\S+))`, 'gu');
const closing = new RegExp(`^["')\\]}]+?(?:${space}+|(?=--)|$)`, 'u');
const number = /^-?[.,]?\d[\d,.-]*\.?$/;

/** The number of sentences; 0 for a blank text. */
export function countSentences(text: string): number {
  const ends = sentenceEnds(text);
  let start = 0;
  let count = 0;
  for (const end of [...ends, { end: text.trimEnd().length, next: text.length }]) {
    // Closing quotes and brackets belong to the sentence before them.
    const moved = count > 0 ? (closing.exec(text.slice(start, end.end))?.[0].length ?? 0) : 0;
    if (start + moved < end.end) count++;
    start = end.next;
  }
  return count;
}

/** Where sentences end and the next ones begin. */
function sentenceEnds(text: string): { end: number; next: number }[] {
  const ends: { end: number; next: number }[] = [];
  const matches = [...text.matchAll(candidate)];
  matches.forEach((match, index) => {
    const following = matches[index + 1];
    // Of several marks in one word ("what?!", "www.a.b, c") the last one counts.
    if (following !== undefined && !/\s/.test(text.slice(match.index, following.index))) return;
    const after = match[1]!;
    const before = /\S*$/.exec(text.slice(Math.max(0, match.index - 200), match.index))![0];
    if (!holdsEnd(before + match[0] + after)) return;
    const end = match.index + 1;
    const gap = /^\s+/.exec(after)?.[0].length ?? 0;
    ends.push({ end, next: end + gap });
  });
  return ends;
}

function holdsEnd(context: string): boolean {
  const tokens = context.match(tokenPattern) ?? [];
  return tokens.some((token, index) => index < tokens.length - 1 && endsSentence(token, tokens[index + 1]!));
}

function endsSentence(token: string, next: string): boolean {
  if (token === '?' || token === '!') return true;
  if (!token.endsWith('.')) return false;
  const nextType = next.toLowerCase().replace(/(?<=.)\.$/, '');
  const startsSentence = /^\p{Lu}/u.test(next) && starters.has(nextType);
  if (/^\.\.+$/.test(token)) return startsSentence;
  if (token.endsWith('..')) return false;
  const type = token.slice(0, -1).toLowerCase();
  const isInitial = /^[\p{L}_]\.$/u.test(token);
  if (isInitial || number.test(token)) {
    if (/^[;:,.!?]$/.test(next) || /^\p{Ll}/u.test(next)) return false;
    return !isInitial || !/^\p{Lu}/u.test(next) || smallWords.has(nextType);
  }
  const isAbbreviation = abbreviations.has(type) || abbreviations.has(type.split('-').at(-1)!);
  return !isAbbreviation || startsSentence;
}
