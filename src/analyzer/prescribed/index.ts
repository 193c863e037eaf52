import { isRefusal } from '../checks/text/refusal.ts';
import type { Prompt, Segmentation, TextRange } from '../prompt.ts';
import { quotedRanges } from '../segmentation/sentences.ts';
import { cueLanguages } from './cues.ts';
import { longestQuote, openingQuotes, quotationAt } from './quotation.ts';

/** An answer that an instruction dictates word for word. */
export interface PrescribedAnswer {
  readonly text: string;
  /** Index into `segmentation.instructions`. */
  readonly instruction: number;
}

/**
 * The answers that instructions dictate: "only reply with 'I can't assist with that request.'" Too few rather than too many: a
 * choice of answers, a part of an answer, a text with placeholders and an instruction with several texts give none.
 */
export function prescribedAnswers(
  { text, segments = [] }: Pick<Prompt, 'text'> & Partial<Pick<Prompt, 'segments'>>,
  { instructions }: Pick<Segmentation, 'instructions'>,
): PrescribedAnswer[] {
  const holes = segments.flatMap(({ text: range, hole }) => (hole === undefined ? [] : [range]));
  return instructions.flatMap(({ range }, instruction) => {
    // A quotation on a line of its own is no part of the instruction that leads to it.
    const next = instructions[instruction + 1]?.range.start ?? text.length;
    const source = text.slice(range.start, Math.max(range.end, Math.min(next, range.end + longestQuote)));
    const dictated = dictatedIn(source, range.end - range.start)
      .map(({ start, end }) => ({ start: start + range.start, end: end + range.start }))
      .filter((said) => !holes.some((hole) => hole.start < said.end && said.start < hole.end))
      .map(({ start, end }) => text.slice(start, end).replace(/\s+/gu, ' '))
      .filter(isWholeAnswer);
    const [said, ...others] = new Set(dictated);
    return said === undefined || others.length > 0 ? [] : [{ text: said, instruction }];
  });
}

/** Ranges in `source` of what is dictated by words before `end`. */
const dictatedIn = (source: string, end: number): TextRange[] => [
  ...compiled.flatMap((language) => dictatedBy(source, end, language)),
  ...mustBe(source.slice(0, end)),
  ...chinese(source.slice(0, end)),
  ...japanese(source.slice(0, end)),
];

/** Something is said, and nothing of it is left to be filled in. */
const isWholeAnswer = (said: string): boolean => /\p{L}/u.test(said) && !/[{}<>[\]|]|\.\.\.|…|__|\$\p{L}/u.test(said);

const quoteClass = `[${openingQuotes.join('')}]`;
/** Words of a pattern may stand in several lines. */
const spaced = (pattern: string): string => pattern.replaceAll(' ', '\\s+');

const compiled = cueLanguages.map(({ answer, say, output, between, exclusive, condition, before, negation }) => {
  const verbs = [answer, say, ...(output === undefined ? [] : [output])].map((words) => `(${words})`).join('|');
  const word = (words: string): RegExp => new RegExp(`(?<!\\p{L})(?:${spaced(words)})(?!\\p{L})`, 'iu');
  return {
    verb: new RegExp(
      `(?<![\\p{L}'’-])(?:${spaced(verbs)})(?!\\p{L})(?:\\s+(?:${spaced(between)})(?!\\p{L}))*\\s*[:,–—-]?\\s*[*_]{0,3}`,
      'giu',
    ),
    exclusive: word(exclusive),
    condition: word(condition),
    negation: word(negation),
    before: new RegExp(`(?:^|[^\\p{L}\\p{N}'’\\s]\\s*|(?<!\\p{L})(?:${spaced(before)})\\s+)$`, 'iu'),
  };
});
type Language = (typeof compiled)[number];

function dictatedBy(source: string, end: number, language: Language): TextRange[] {
  return [...source.matchAll(language.verb)].flatMap((match) => {
    if (match.index >= end) return [];
    const [cue, answer, say] = match;
    const before = source.slice(0, match.index);
    if (!language.before.test(before) || isInQuotation(source, match.index)) return [];
    if (language.negation.test(clauseBefore(before, language))) return [];
    const at = match.index + cue.length;
    const quoted = quotationAt(source, at);
    const isColon = /:\s*[*_]*$/u.test(cue);
    const said = quoted ?? (isColon ? unquoted(source, at) : undefined);
    if (said === undefined) return [];
    const sentence = sentenceAround(source, match.index, said);
    const isOnly = language.exclusive.test(sentence);
    const isCase = language.condition.test(sentence);
    const isAnswer = answer !== undefined || (say !== undefined && (isCase || isColon));
    if (!isOnly && !isAnswer) return [];
    if (quoted === undefined && !isOnly && !isCase) return [];
    return quoted === undefined || isAlone(source, said.end + 1, isOnly) ? [said] : [];
  });
}

/** What belongs to the verb: up to a mark, or a word that turns to what has to be done. */
function clauseBefore(before: string, { exclusive }: Language): string {
  const clause = before.split(/[,;:.!?—–()\n]|\b(?:but|instead|sondern|mais|sino|ma|mas)\b/iu).at(-1)!;
  const turn = /^.*\b(?:and|und|et|y|e)\s+(.*)$/isu.exec(clause);
  // "do not disclose and only reply" against "do not greet and reply".
  return turn !== null && exclusive.test(turn[1]!) ? turn[1]! : clause;
}

const isInQuotation = (source: string, at: number): boolean =>
  quotedRanges(source).some(({ start, end }) => source[start] !== '(' && start < at && at < end);

/** The words around what is said, up to the ends of the sentence. */
function sentenceAround(source: string, cue: number, said: TextRange): string {
  const head = source.slice(0, cue).split(/[.!?]["'”’)]*\s|\n/u);
  const tail = source.slice(said.end).split(/[.!?](?=\s|$)|\n/u)[0]!;
  return `${head.at(-1)!}${source.slice(cue, said.start)} ${tail}`;
}

/** A sentence without quotation marks at the end of a line: taken where it can only be words of the model. */
function unquoted(source: string, at: number): TextRange | undefined {
  const line = /^[^\n]*/u.exec(source.slice(at))![0].trimEnd();
  const isOneSentence = /^\p{Lu}[^.!?"“”«»:]*[.!?]$/u.test(line);
  const words = line.split(/\s+/u);
  if (!isOneSentence || words.length < 3 || line.length > longestSentence) return undefined;
  const isFirstPerson = /^(?:I|I['’]\p{L}+|Sorry|Please|We|My)\b/u.test(line);
  return isFirstPerson || isRefusal(line) ? { start: at, end: at + line.length } : undefined;
}
const longestSentence = 200;

const another = new RegExp(`(?:^|[\\s(])${quoteClass}\\p{L}`, 'u');
const addition =
  /^["'”’»]?\s*,?\s*(?:(?:and|und|et|y|e)\b(?!\s+(?:nothing|no|stop|do not|don['’]t|end|never|not|refuse|nichts|rien|nada|niente))|or\b|oder\b|ou\b|o\b|followed|then\b|plus\b|along|unless|at the|as (?:the|your|a)|before|after\b|in (?:the|every|each|all|its|that)\b|at least|somewhere|to (?:start|begin|open|end|close))/iu;
const further = /^["'”’»]?[.!]?["'”’»]?\s*(?:then|afterwards|next|danach|dann|ensuite|puis|luego|poi)\b/iu;

/** Whether nothing is added to the quotation: no second one, no place in a longer answer, nothing to be said next. */
function isAlone(source: string, end: number, isOnly: boolean): boolean {
  const rest = source.slice(end);
  const sentence = rest.split(/[.!?](?=\s|$)|\n/u)[0]!;
  if (another.test(sentence) || addition.test(sentence)) return false;
  return isOnly || !further.test(rest);
}

const bePattern = new RegExp(
  spaced(
    `(?<!\\p{L}|of )(?:your|the) (?:(?:only|sole|entire|whole|full|complete) )?(?:answer|response|reply|output) (?:must|should|shall|has to|is to)(?: (?:always|only))* be(?: (?:always|only|exactly|just|simply|the|this|following|exact|phrase|sentence|words?|text|message))*\\s*:?\\s*[*_]{0,3}(?=${quoteClass})`,
  ),
  'giu',
);

/** "Your answer must be exactly '...'". */
const mustBe = (source: string): TextRange[] =>
  [...source.matchAll(bePattern)].flatMap((match) => {
    const said = quotationAt(source, match.index + match[0].length);
    if (said === undefined || isInQuotation(source, match.index)) return [];
    return isAlone(source, said.end + 1, /\b(?:only|exactly)\b/iu.test(match[0])) ? [said] : [];
  });

/** 如果被问到…，请只回答“…” : the quotation follows the verb. */
function chinese(source: string): TextRange[] {
  return [...source.matchAll(/(?:回答|回复|回覆|答复|答覆|回应|回應|说|說)道?[：:，,]?\s*(?=[“「『"‘])/gu)].flatMap(
    (match) => {
      const lead = source
        .slice(0, match.index)
        .split(/[。！？\n]/u)
        .at(-1)!;
      if (/(?:不要|不得|不能|不可|不应|禁止|切勿|勿|别|別)[^，,；;]*$/u.test(lead)) return [];
      if (!/[只仅僅请請]|必须|必須|统一|統一|一律|直接|如果|若|当|當|一旦/u.test(lead)) return [];
      const said = quotationAt(source, match.index + match[0].length);
      const isAdded = said !== undefined && /^[”」』"’]?\s*(?:或|和|并|並|然后|然後|、)/u.test(source.slice(said.end));
      return said === undefined || isAdded ? [] : [said];
    },
  );
}

/** 「…」とだけ答えてください: the quotation stands before the verb. */
function japanese(source: string): TextRange[] {
  return [
    ...source.matchAll(
      /(?<!(?:」|』)(?:か|または|や|と))[「『](?<said>[^「」『』\n]+)[」』]と(?:だけ|のみ)?(?:答え|お答え|回答し|返答し|返信し|応答し|返し|言っ)(?<tail>[^。\n]{0,8})/gu,
    ),
  ].flatMap((match) => {
    const { said, tail } = match.groups!;
    if (/な(?:い|く|かっ)|ません/u.test(tail!)) return [];
    const start = match.index + match[0].indexOf(said!);
    return [{ start, end: start + said!.length }];
  });
}
