import { isNegated, type AskedSentence, type AskedText, type Found } from './askedText.ts';
import { boundsOf, timesOf } from './comparator.ts';

/** Capitals, small letters and the language. */
export function letterRecogniser(asked: AskedText): Found[] {
  const frequency = capitalFrequency(asked);
  const small = smallLetters(asked);
  const capitals = frequency.length > 0 ? [] : capitalLetters(asked, small.length > 0);
  const cases = [...frequency, ...small, ...capitals];
  return [...cases, ...language(asked, small.length > 0 || capitals.length > 0)];
}

const aboutCapitals =
  /\b(?:all[- ])?capital(?:i[sz]ed)?(?: letters?| words?)?\b|\ball[- ]caps\b|\bin caps\b|\bupper-?case\b/iu;

function capitalFrequency({ sentences }: AskedText): Found[] {
  for (const { text, start, end } of sentences) {
    for (const clause of [...clausesOf(text), text]) {
      if (!aboutCapitals.test(clause) || /\bletter ["“'‘`]?\p{L}["”'’`]?\b(?!etter)/iu.test(clause)) continue;
      const counted = boundsOf(clause, '(?:words?|phrases?|terms?)');
      const bounds = counted.length > 0 ? counted : timesOf(clause);
      if (bounds.length === 0 || (counted.length === 0 && !/\bwords?\b|\bcaps\b/iu.test(clause))) continue;
      if (
        clause === text &&
        clausesOf(text).some((each) => aboutCapitals.test(each) && !/\bwords?\b|\bcaps\b|\bphrases?\b/iu.test(each))
      )
        continue;
      return bounds.map(({ relation, n }) => ({
        id: 'change_case:capital_word_frequency',
        kwargs: { capital_relation: relation, capital_frequency: n },
        at: { start, end },
      }));
    }
  }
  return [];
}

const clausesOf = (text: string): string[] =>
  text.split(/(?<=[,;])\s+|\s+and\s+(?=\p{L}+ |no |use |in )/u).filter((each) => each !== text);

const small =
  /\ball (?:in )?lower-?\s?cased?\b|\blower-?\s?cased? letters?\b|\b(?:in|only|be|are|is|entirely|completely|fully) (?:only )?lower-?\s?cased?\b|\bsmall letters\b/iu;
/** Names of things are written in small letters for other reasons. */
const ofNames =
  /\b(?:names?|titles?|identifiers?|keywords?|variables?|tags?|slugs?|urls?|emails?|usernames?|headings?)\b/iu;
const noCapitals =
  /\b(?:no|without|avoid(?:ing)?|never use|not use|not contain|not include|do not use|free of)\s+(?:any |using |the use of )*(?:capital(?:i[sz]ed|s)?(?: letters?| words?)?|upper-?case)\b|\bcapital letters? (?:are|is) not (?:allowed|permitted)/iu;

function smallLetters({ sentences }: AskedText): Found[] {
  const sentence = sentences.find(({ text }) => {
    if (noCapitals.test(text)) return true;
    const match = small.exec(text);
    if (match === null) return false;
    if (ofNames.test(text) && !/\b(?:response|answer|reply|output)\b/iu.test(text)) return false;
    const before = text.slice(Math.max(0, match.index - 60), match.index);
    return !isNegated(before.split(/[,;.]|\band\b/u).at(-1)!);
  });
  return sentence === undefined ? [] : [found('change_case:english_lowercase', {}, sentence)];
}

const capitals =
  /\b(?:all|only|in|entire(?:ly)?|completely|use only|fully|be|use only|only use) (?:in )?(?:all )?(?:the )?(?:capital(?:i[sz]ed)?(?: letters?)?|capitals|caps|upper-?case)\b|\ball[- ]caps\b|\bcapitali[sz]e (?:every|each|all)(?: of)?(?: the| your)? (?:letters?|words?)\b|\b(?:every|each|all) (?:the )?letters?\b[^.]{0,50}\b(?:be |is |are )?(?:capital(?:i[sz]ed)?|upper-?case)\b/iu;
const noSmall = /\b(?:no|without|avoid(?:ing)?) (?:any |using )*(?:lower-?case|small letters)\b/iu;

function capitalLetters({ sentences }: AskedText, hasSmall: boolean): Found[] {
  const sentence = sentences.find(({ text }) => {
    if (ofNames.test(text) && !/\b(?:response|answer|reply|output|letters)\b/iu.test(text)) return false;
    if (noSmall.test(text)) return true;
    const match = capitals.exec(text);
    if (match === null || noCapitals.test(text)) return false;
    const before = text.slice(Math.max(0, match.index - 40), match.index);
    return !isNegated(before) && !/\b(?:some|few|certain|important|key|several) (?:\p{L}+ )*$/iu.test(before);
  });
  return sentence === undefined || hasSmall ? [] : [found('change_case:english_capital', {}, sentence)];
}

const codes: Readonly<Record<string, string>> = {
  english: 'en',
  spanish: 'es',
  portuguese: 'pt',
  arabic: 'ar',
  hindi: 'hi',
  french: 'fr',
  russian: 'ru',
  german: 'de',
  japanese: 'ja',
  italian: 'it',
  bengali: 'bn',
  ukrainian: 'uk',
  thai: 'th',
  urdu: 'ur',
  tamil: 'ta',
  telugu: 'te',
  bulgarian: 'bg',
  korean: 'ko',
  polish: 'pl',
  hebrew: 'he',
  persian: 'fa',
  farsi: 'fa',
  vietnamese: 'vi',
  nepali: 'ne',
  swahili: 'sw',
  kannada: 'kn',
  marathi: 'mr',
  gujarati: 'gu',
  punjabi: 'pa',
  malayalam: 'ml',
  finnish: 'fi',
  chinese: 'zh-cn',
  dutch: 'nl',
  swedish: 'sv',
  turkish: 'tr',
  danish: 'da',
  norwegian: 'no',
  czech: 'cs',
  greek: 'el',
  romanian: 'ro',
  hungarian: 'hu',
  indonesian: 'id',
};
const names = Object.keys(codes).join('|');
const inLanguage = new RegExp(
  `\\b(?:in|into|only|using|speak|write|reply|respond|answer|entirely|use)(?: (?:in|only|completely|entirely|strictly|exclusively|always|fluent|the|a|proper|standard|formal|simple|plain))* (${names})(?![\\p{L}-])`,
  'iu',
);
const another = new RegExp(`\\b(?:translate|from|if|when|unless)\\b[^.]{0,60}$`, 'iu');

function language({ text, sentences }: AskedText, hasCase: boolean): Found[] {
  const asked: Found[] = [];
  for (const sentence of sentences) {
    const match = inLanguage.exec(sentence.text);
    if (match === null) continue;
    const before = sentence.text.slice(0, match.index);
    if (isNegated(before.split(/[,;]/u).at(-1)!) || another.test(before)) continue;
    const name = match[1]!.toLowerCase();
    if (
      /^\s+(?:style|keyboard|layout|cuisine|food|accent|names?|market|version|words?|terms?|text)\b/iu.test(
        sentence.text.slice(match.index + match[0].length),
      )
    )
      continue;
    if (name === 'english') {
      const isMeant =
        !hasCase &&
        /\b(?:only|always|must|entire|entirely|all|exclusively)\b/iu.test(sentence.text) &&
        /\b(?:respond|reply|answer|write|speak|responses?|repl(?:y|ies)|answers?|output)\b/iu.test(sentence.text);
      if (!isMeant) continue;
    }
    asked.push(found('language:response_language', { language: codes[name]! }, sentence));
  }
  // Two languages in one text are a rule about which to use when, unless each sentence stands for itself.
  return new Set(asked.map(({ kwargs }) => kwargs.language)).size > 1 && /\b(?:if|when|or)\b/iu.test(text) ? [] : asked;
}

const found = (id: string, kwargs: Found['kwargs'], { start, end }: AskedSentence): Found => ({
  id,
  kwargs,
  at: { start, end },
});
