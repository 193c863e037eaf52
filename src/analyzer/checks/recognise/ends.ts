import { NEG, type AskedText, type Found } from './askedText.ts';

/** How an answer has to begin and end, and the marks around it. */
export function endRecogniser(asked: AskedText): Found[] {
  return [...endPhrase(asked), ...startPhrase(asked), ...quotation(asked), ...noComma(asked)];
}

const quotedPhrase = '(?:"([^"\\n]{2,200})"|“([^”\\n]{2,200})”|\'([^\\n]{2,200}?)\'(?![\\p{L}]))';
const endVerb = '(?:end|ends|ending|finish|finishes|finishing|conclude|concludes|concluding|close|closes|sign off)';
const endPatterns: readonly RegExp[] = [
  new RegExp(
    `\\b${endVerb}\\b[^.!?\\n"“]{0,70}?\\b(?:with|by saying|by asking|by writing|in)\\b[^.!?\\n"“]{0,60}?${quotedPhrase}`,
    'iu',
  ),
  // Without quotes a phrase ends with its sentence.
  new RegExp(
    `\\b${endVerb}\\b[^.!?\\n"“]{0,70}?\\b(?:exact (?:phrase|sentence|words?|line)|with(?: (?:the|this))?(?: (?:exact|following))*(?: (?:phrase|sentence|words?|line))?(?=:))(?:: | (?!that|which|of your))([\\p{L}][^"“\\n]{2,160}?[.!?])(?=[.\\s]|$)`,
    'iu',
  ),
  new RegExp(
    `\\b(?:very )?(?:end|last sentence|final sentence|final line|last line|last words?)\\b[^.!?\\n"“]{0,60}?\\b(?:read|reads|be|is|say|says|contain)\\b[^.!?\\n"“]{0,30}?${quotedPhrase}`,
    'iu',
  ),
];

/** The only group that took part. */
const phraseOf = (match: RegExpExecArray): string =>
  (match.slice(1).find((group): group is string => typeof group === 'string') ?? '').trim();

function endPhrase({ text }: AskedText): Found[] {
  for (const pattern of endPatterns) {
    const match = pattern.exec(text);
    if (match === null || /\breference\b|\bpost ?script\b|\bP\. ?S\b|\bP\. ?P\. ?S\b/iu.test(match[0])) continue;
    const before = text.slice(Math.max(0, match.index - 30), match.index);
    if (new RegExp(`\\b${NEG}\\s+(?:\\p{L}+\\s+)?$`, 'iu').test(before)) continue;
    const phrase = phraseOf(match);
    // A mark alone, such as a bracket or a star, belongs to some format.
    if (!/\p{L}{2}/u.test(phrase)) continue;
    return [
      {
        id: 'startend:end_checker',
        kwargs: { end_phrase: phrase },
        at: { start: match.index, end: match.index + match[0].length },
      },
    ];
  }
  return [];
}

const starts = new RegExp(
  `\\b(?:start|begin|open|preface)\\b (?:every |each |all |your |the )+(?:of your )?(?:\\p{L}+ )?(?:repl(?:y|ies)|responses?|answers?|messages?|outputs?)\\b[^.!?\\n"“]{0,40}?\\bwith\\b[^.!?\\n"“]{0,40}?${quotedPhrase}`,
  'iu',
);

function startPhrase({ text }: AskedText): Found[] {
  const match = starts.exec(text);
  if (match === null) return [];
  if (new RegExp(`\\b${NEG}\\s+(?:\\p{L}+\\s+)?$`, 'iu').test(text.slice(0, match.index))) return [];
  const phrase = phraseOf(match);
  return [
    { id: 'reply:starts_with', kwargs: { phrase }, at: { start: match.index, end: match.index + match[0].length } },
  ];
}

const doubleQuotes = /\bdouble[- ](?:quotes|quotation(?: marks?)?|quote marks?)\b/iu;
const around =
  /\b(?:wrap(?:ped|ping|s)?|put|enclose[sd]?|enclosing|surround(?:ed)?|entire|whole|inside|within|contain(?:ed)?|placed?|around)\b/iu;

function quotation({ sentences }: AskedText): Found[] {
  const sentence = sentences.find(({ text }) => doubleQuotes.test(text) && around.test(text));
  return sentence === undefined ? [] : [{ id: 'startend:quotation', kwargs: {}, at: sentence }];
}

const commaPatterns: readonly RegExp[] = [
  new RegExp(
    `\\b${NEG}\\s+(?:(?:from|the|use|of|using|contain|include|including|containing|have|having|write|writing|put|be|add) )*(?:any |a |a single |single )*commas?\\b`,
    'iu',
  ),
  /\bcommas? (?:are|is|should|must|may|can) ?(?:not|never|n['’]t|forbidden|prohibited|banned)\b/iu,
  /\bcomma[- ]free\b/iu,
];

function noComma({ text }: AskedText): Found[] {
  for (const pattern of commaPatterns) {
    const match = pattern.exec(text);
    if (match !== null)
      return [
        { id: 'punctuation:no_comma', kwargs: {}, at: { start: match.index, end: match.index + match[0].length } },
      ];
  }
  return [];
}
