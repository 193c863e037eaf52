import { isNegated, listItems, NEG, quotedTexts, type AskedSentence, type AskedText, type Found } from './askedText.ts';
import { boundsOf, timesOf } from './comparator.ts';

const noun = '(?:key ?words?|words?|terms?|phrases?|names?|expressions?)';
const quotedWord = '["“”\'‘`]([^"“”\'‘’`\\n]{1,60})["“”\'’`]';
const bareWord = "([\\p{L}\\p{N}][\\p{L}\\p{N}'’-]*)";
const naming = `(?:the )?(?:exact )?(?:single )?(?:key ?word|word|term|phrase|name)s?(?: of)?:? (?:${quotedWord}|${bareWord})`;
const notWords = new Set(
  'the a an of that which in with is are be must should limit count at of for to and or from like such you your associations-count'.split(
    ' ',
  ),
);

/** What has to be said, how often, and what not. */
export function keywordRecogniser({ sentences }: AskedText): Found[] {
  return sentences.flatMap((sentence) => {
    const forbidden = forbiddenIn(sentence);
    const rest = forbidden.length === 0 ? sentence.text : blanked(sentence, forbidden);
    const often = frequenciesIn({ ...sentence, text: rest });
    const required = requiredIn({
      ...sentence,
      text: often.length === 0 ? rest : blanked({ ...sentence, text: rest }, often),
    });
    return [...forbidden, ...often, ...required, ...lettersIn(sentence)];
  });
}

/** The sentence without what was understood, at the same places. */
function blanked({ text, start }: AskedSentence, found: readonly Found[]): string {
  const units = text.split('');
  for (const { at } of found) units.fill(' ', at.start - start, at.end - start);
  return units.join('');
}

const place = ({ start }: AskedSentence, index: number, length: number) => ({
  start: start + index,
  end: start + index + length,
});

const occurrence = new RegExp(naming, 'giu');
const verbAndWord = new RegExp(
  `\\b(?:use|using|mention|include|repeat|say|write|contain)s? (?:the )?${quotedWord}`,
  'giu',
);

/** "Use the word X at least three times"; one sentence may name several words. */
function frequenciesIn(sentence: AskedSentence): Found[] {
  const { text } = sentence;
  const named = [...text.matchAll(occurrence), ...text.matchAll(verbAndWord)]
    .map((match) => ({
      index: match.index,
      end: match.index + match[0].length,
      keyword: (match[1] ?? match[2])!,
      isQuoted: match[1] !== undefined,
    }))
    .filter(({ keyword, isQuoted }) => isQuoted || !notWords.has(keyword.toLowerCase()))
    .toSorted((a, b) => a.index - b.index);
  return named.flatMap(({ index, end, keyword }, i) => {
    const next = named.slice(i + 1).find((other) => other.index >= end)?.index ?? text.length;
    const clause = text.slice(end, Math.min(next, end + 120)).split(/[;]|, (?:and|but)\b(?! the)/u)[0]!;
    if (/\bletters?\b|\bsentences?\b|\bwords\b|\bsections?\b/iu.test(clause.split(/times?\b|once|twice/u)[0]!))
      return [];
    // "less than 2 times", and "(once|twice)" that belong to it.
    const counted = timesOf(clause);
    const before = counted.length === 0 ? timesBefore(text.slice(Math.max(0, index - 40), index)) : [];
    return [...counted, ...before].map((bound) => ({
      id: 'keywords:frequency',
      kwargs: { keyword: keyword.trim(), relation: bound.relation, frequency: bound.n },
      at: place(sentence, index, end - index + clause.length),
    }));
  });
}

/** "... at least twice the word X" */
function timesBefore(text: string) {
  return /(?:times|once|twice),?\s*$/iu.test(text) ? timesOf(text) : [];
}

const notAWordList =
  /\bcommas?\b|\bcapital|\blower ?-?case|\bupper ?-?case|\bletters?\b|\bany words?\b|\bother words?\b|\badditional words?\b|\bchange any word|\bforget\b|\banything\b|\bwords? or characters?\b|\bany (?:other )?(?:word|language)|\blanguages?\b|\bword(?: for word)?s? before\b|\bmore than\b|\bless than\b|\bfewer than\b|\bat least\b|\bexceed\b|\bplaceholders?\b|\bbullets?\b|\btitle\b|\bsentences?\b|\btimes\b/iu;
const useVerb =
  '(?:us(?:e|ing)|includ(?:e|ing)|mention(?:ing)?|say(?:ing)?|contain(?:ing)?|writ(?:e|ing)|utter(?:ing)?|employ(?:ing)?|have|having|output(?:ting)?|repeat(?:ing)?|print(?:ing)?)';
const forbiddenNouns = new RegExp(
  `\\b${NEG}\\s+(?:(?:ever|please|to|use|the use of|the) )*(?:${useVerb} )?(?:any of )?(?:the )?(?:following |specific |exact |negative |forbidden |banned )?${noun}(?: like| such as| of)?(?: (?:in|within) (?:any|all|each|your)(?: of)?(?: (?:your|the))?(?: entire)? (?:responses?|repl(?:y|ies)|answers?|messages?|output)(?=:))?:? (?!that |which |in |to |is )(.+)`,
  'iu',
);
const forbiddenPassive = new RegExp(
  `\\b(?:the )?(?:following )?${noun}:? (.{1,120}?) (?:cannot|can not|can['’]t|should not|shouldn['’]t|must not|mustn['’]t|may not|should never|must never|(?:are|is) not (?:allowed|permitted)|(?:are|is) (?:forbidden|banned|prohibited))(?: to)?(?: (?:be|appear|occur|show up|exist|used|included|mentioned))*`,
  'iu',
);
const forbiddenQuoted = new RegExp(`\\b${NEG}\\s+(?:ever )?(?:${useVerb} )(?:the )?(["“”'‘\`].+)`, 'iu');
const forbiddenBare = new RegExp(
  `\\b${NEG}\\s+(?:mention|include|say) (?!any|your|the|that|this|it|to|how|why|what|a |an |these|those|in |prices?\\b)([\\p{L}-]+(?:, [\\p{L}-]+)*,? (?:and|or) [\\p{L}-]+) (?:in|within|throughout) (?:your|the) (?:entire |whole )?(?:response|answer|reply|output)`,
  'iu',
);

function forbiddenIn(sentence: AskedSentence): Found[] {
  const { text } = sentence;
  for (const pattern of [forbiddenNouns, forbiddenPassive, forbiddenQuoted, forbiddenBare]) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const list = match[1]!;
    const head = match[0].slice(0, match[0].length - (pattern === forbiddenPassive ? 0 : list.length));
    // What follows the list may be another request.
    if (notAWordList.test(head)) continue;
    if (pattern === forbiddenPassive && timesOf(text.slice(match.index)).length > 0) continue;
    const items = listItems(clauseOf(list));
    if (items.length === 0 || items.some((item) => notAWordList.test(item))) continue;
    if (quotedTexts(list).length === 0 && items.some((item) => functionWord.test(item))) continue;
    // "Do not say 'no' without a reason" bans nothing by itself.
    if (/^[^.;]{0,12}\b(?:without|unless|until|before|more than)\b/iu.test(afterItems(list, items))) continue;
    if (pattern !== forbiddenPassive && timesOf(afterItems(list, items)).length > 0) continue;
    return [
      {
        id: 'keywords:forbidden_words',
        kwargs: { forbidden_words: items },
        at: place(sentence, match.index, match[0].length),
      },
    ];
  }
  return [];
}

/** A list up to the next request in the sentence: "do not use the word X, and mention Y". */
function clauseOf(list: string): string {
  const end =
    /[,;]? (?:and|but) (?:make sure|ensure|use|do|wrap|write|include|add|end|mention|provide|highlight|put|the (?:word|entire|response|letter)|your)\b|; /iu.exec(
      list,
    );
  return list.slice(0, end?.index ?? list.length);
}

function afterItems(list: string, items: readonly string[]): string {
  const last = items.at(-1)!;
  return list.slice(list.lastIndexOf(last) + last.length);
}

const includeVerb =
  '(?:includ(?:e|es|ing)|contain(?:s|ing)?|us(?:e|es|ing)|mention(?:s|ing)?|incorporat(?:e|es|ing)|add(?:ing)?|feature|has|have|with|insert(?:ing)?|employ)';
const required = new RegExp(
  `\\b${includeVerb} (?:all (?:of )?)?(?:the |these |those )?(?:following |exact |specific |two |three |four |five |\\d+ )?(?:${noun}|items?|lines?)(?: of| like)?:? (?!that |which |with |in |per |to |is |are |count|limit|at |about |for |long)(.+)`,
  'iu',
);
const appears = new RegExp(
  `\\b(?:the )?(?:following )?${noun}:? (.{1,120}?) (?:must|should|need to|have to|has to)(?: all| each)? (?:be (?:included|used|present|mentioned|in)|appear|occur)`,
  'iu',
);

const functionWord =
  /^(?:in|with|all|each|no|more|less|than|count|your|it|you|are|is|that|of|from|derived|even|if|when|any|this|these|those|what|which|how)\b/iu;

function requiredIn(sentence: AskedSentence): Found[] {
  const { text } = sentence;
  const match = required.exec(text) ?? appears.exec(text);
  if (match === null) return [];
  const before = text.slice(Math.max(0, match.index - 40), match.index + match[0].length - match[1]!.length);
  const list = clauseOf(match[1]!);
  if (isNegated(before)) return [];
  if (/\b(?:start|begin|end|finish|conclude|clos)(?:s|es|ing)?\b[^.!?]{0,40}\bwith\b/iu.test(before)) return [];
  if (/\b(?:capital|upper-?case|all caps|lower-?case|placeholders?|asterisk)\b/iu.test(match[0].slice(0, -list.length)))
    return [];
  const items = listItems(list);
  if (items.length === 0) return [];
  const isQuoted = quotedTexts(list).length > 0;
  // Without quotes only a list that is announced as one, or single words, can be told from a description.
  const head = text.slice(match.index, match.index + match[0].length - match[1]!.length);
  const isAnnounced = /\bkey ?words?\b|:/iu.test(head);
  const areWords = /\bwords?\b|\bnames?\b/iu.test(head) && items.every((item) => !/\s/.test(item));
  if (!isQuoted && !isAnnounced && !(areWords && !/\bwith\b|\bhas\b|\bhave\b/iu.test(head))) return [];
  if (!isQuoted && items.some((item) => functionWord.test(item))) return [];
  if (timesOf(afterItems(list, items)).length > 0 || boundsOf(list, 'words').length > 0) return [];
  return [{ id: 'keywords:existence', kwargs: { keywords: items }, at: place(sentence, match.index, match[0].length) }];
}

const letter = /\b(?:the )?letters? ["“'‘`]?(\p{L})["”'’`]?(?![\p{L}\p{N}])/giu;

/** "The letter q should appear at least four times", "at least 4 hashtags". */
function lettersIn(sentence: AskedSentence): Found[] {
  const { text } = sentence;
  if (/\bcapital letters?\b(?!.*\bletter ["“'‘`]?\p{L}["”'’`]?\b)|\ball letters\b/iu.test(text)) return [];
  const found: Found[] = [];
  const add = (character: string, index: number, length: number, bounds: ReturnType<typeof timesOf>): void => {
    for (const { relation, n } of bounds)
      found.push({
        id: 'keywords:letter_frequency',
        kwargs: { letter: character, let_relation: relation, let_frequency: n },
        at: place(sentence, index, length),
      });
  };
  for (const match of text.matchAll(letter)) {
    const clause = text.slice(match.index + match[0].length, match.index + match[0].length + 100);
    add(match[1]!, match.index, match[0].length, timesOf(clause.split(/\bletters?\b/u)[0]!));
  }
  const signs = [
    ['#', /\bhash ?tags?\b/iu, 'hash ?tags?'],
    ['!', /\bexclamation (?:marks?|points?)\b/iu, 'exclamation (?:marks?|points?)'],
    ['?', /\bquestion marks?\b/iu, 'question marks?'],
  ] as const;
  for (const [character, pattern, unit] of signs) {
    const match = pattern.exec(text);
    if (match !== null && !isNegated(text.slice(0, match.index)))
      add(character, match.index, match[0].length, boundsOf(text, unit));
  }
  return found;
}
