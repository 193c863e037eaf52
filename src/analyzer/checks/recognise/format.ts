import { isNegated, type AskedText, type Found } from './askedText.ts';
import { boundsOf, timesOf } from './comparator.ts';
import { numberOf, numberPattern as N } from './numbers.ts';

/** How an answer has to be laid out, and what has to stand in it. */
export function formatRecogniser(asked: AskedText): Found[] {
  return [
    ...placeholders(asked),
    ...postscript(asked),
    ...constrained(asked),
    ...json(asked),
    ...sections(asked),
    ...bullets(asked),
    ...highlights(asked),
    ...title(asked),
    ...twoResponses(asked),
    ...repeatPrompt(asked),
  ];
}

function placeholders(asked: AskedText): Found[] {
  const match = /\bplaceholders?\b/iu.exec(asked.text);
  if (
    match === null ||
    /\bno placeholders?\b|\b(?:avoid|without|never use|do not use|don['’]t use|not (?:include|contain|leave))\b[^.]{0,30}\bplaceholders?\b/iu.test(
      asked.text,
    )
  )
    return [];
  const isAsked =
    /\b(?:includ(?:e|ing)|contain(?:ing|s)?|us(?:e|ing)|ha(?:s|ve)|add|insert|with)\b[^.!?]{0,60}\bplaceholders?\b/iu.test(
      asked.text,
    );
  const hasShape = /\bbrackets?\b|\[[^\]\n]+\]/u.test(asked.text);
  const counted = boundsOf(asked.text, 'placeholders?').find(({ relation }) => relation === 'at least');
  if (counted === undefined && !(isAsked && hasShape)) return [];
  const bare = new RegExp(`(${N})\\s+(?:[\\p{L}-]+\\s+){0,2}?placeholders?`, 'iu').exec(asked.text);
  const count = counted?.n ?? (bare === null ? 1 : numberOf(bare[1]!));
  return [
    {
      id: 'detectable_content:number_placeholders',
      kwargs: { num_placeholders: Math.max(1, count) },
      at: { start: match.index, end: match.index + match[0].length },
    },
  ];
}

function postscript({ text }: AskedText): Found[] {
  const match = /\bP\. ?P\. ?S\b\.?|\bPPS\b|\bP\. ?S\.|\bPS:|\bpost ?script\b/iu.exec(text);
  if (match === null || isNegated(text.slice(Math.max(0, match.index - 30), match.index))) return [];
  const marker = /\bP\. ?P\. ?S\b|\bPPS\b/iu.test(text) ? 'P.P.S' : 'P.S.';
  return [
    {
      id: 'detectable_content:postscript',
      kwargs: { postscript_marker: marker },
      at: { start: match.index, end: match.index + match[0].length },
    },
  ];
}

function constrained({ text }: AskedText): Found[] {
  const match = /my answer is (?:yes|no|maybe)/iu.exec(text);
  if (match === null) return [];
  return [
    {
      id: 'detectable_format:constrained_response',
      kwargs: {},
      at: { start: match.index, end: match.index + match[0].length },
    },
  ];
}

const jsonReply =
  /\b(?:entire|whole|all|only|wrap(?:ped)?|format(?:ted)?|output|respond|responses?|answers?|return|reply|valid|block)\b[^.!?]{0,80}\bJSON\b(?!-)|\bJSON\b(?!-)[^.!?]{0,60}\b(?:entire|whole|only|wrap(?:ped)?|format|output|response|answer|block|object|nothing else)\b/iu;

function json({ sentences }: AskedText): Found[] {
  const sentence = sentences.find(
    ({ text }) =>
      jsonReply.test(text) &&
      !new RegExp("\\b(?:never|do not|don['’]t|not|avoid|without|no)\\b[^.]{0,30}\\bJSON\\b", 'iu').test(text),
  );
  return sentence === undefined ? [] : [{ id: 'detectable_format:json_format', kwargs: {}, at: sentence }];
}

const splitterWords = 'Section|Paragraph|Chapter|Part|Day|Audience|Round|Stage|Verse|Act|Scene|Step|Week|Lesson|Volume';
const splitter = new RegExp(
  `(?<![\\p{L}])(${splitterWords}|${splitterWords.toUpperCase()})[ _-]?(?:X|Y|N|i|#|\\d+|I+V?|\\[?(?:number|n|x)\\]?)(?![\\p{L}])`,
  'gu',
);
const sectionParts =
  '(?:sections?|parts?|chapters?|paragraphs?|acts?|days?|verses?|stages?|scenes?|weeks?|rounds?|steps?)';
const statedSections = new RegExp(`(${N})\\s*\\+?\\s+(?:or more\\s+)?(?:[\\p{L}-]+\\s+){0,2}?${sectionParts}\\b`, 'iu');
const marking =
  /\b(?:mark(?:ed|ing)?|label(?:l?ed|l?ing)?|start(?:s|ing)?|begin(?:s|ning)?|not(?:ed|ing|e)|named?|titled?|call(?:ed)?|indicated?|denoted?|separated?|split|divided?|head(?:ed|ing)?|as|explicitly)\b/iu;

function sections({ text }: AskedText): Found[] {
  const marks = [...text.matchAll(splitter)];
  const first = marks[0];
  if (first === undefined) return [];
  // "Paragraph 2 starts with ...", and layouts whose parts are separated otherwise, are about something else.
  if (/^paragraph$/iu.test(first[1]!) && /\bparagraph\b[^.]{0,40}\b(?:starts?|begins?)\b/iu.test(text)) return [];
  const isNumbered = marks.every(([mark]) => /\d$/u.test(mark));
  if (isNumbered && !marking.test(text)) return [];
  if (isNumbered && /(?<!\*)\*\*\*(?!\*)/u.test(text)) return [];
  const stated = statedSections.exec(text.replace(splitter, ' '));
  const count = stated === null ? (isNumbered ? marks.length : 1) : numberOf(stated[1]!);
  return [
    {
      id: 'detectable_format:multiple_sections',
      kwargs: { section_spliter: first[1]!, num_sections: count },
      at: { start: first.index, end: first.index + first[0].length },
    },
  ];
}

const bulletUnit = '(?:bullet(?:ed)?(?: points?| lists?| items?)?|bullet-points?|list items?)';
const countedBullets = new RegExp(
  `(${N})\\s+(?:(?!(?:per|of|and|or|to|in|for|each|words?|sentences?|characters?|chars?)\\s)[\\p{L}-]+\\s+){0,3}?${bulletUnit}(?![\\p{L}])`,
  'iu',
);
const bulletsOf = new RegExp(
  `\\bbullet(?:ed)?(?: points?| list)?\\b[^.!?\\n]{0,60}?\\b(?:exactly|of|with|has|have) (${N})\\b(?! words| sentences)`,
  'iu',
);

/** An exact number is IFEval's check; bounds are Holdfast's. */
function bullets({ sentences }: AskedText): Found[] {
  for (const { text, start, end } of sentences) {
    const bounds = boundsOf(text, bulletUnit);
    const isExact = bounds.length === 2 && bounds[0]!.n + 1 === bounds[1]!.n;
    if (bounds.length > 0 && !isExact)
      return bounds.map(({ relation, n }) => ({
        id: 'style:bullets',
        kwargs: { relation, bullets: n },
        at: { start, end },
      }));
    const match = countedBullets.exec(text) ?? bulletsOf.exec(text);
    if (match !== null && numberOf(match[1]!) > 0)
      return [
        {
          id: 'detectable_format:number_bullet_lists',
          kwargs: { num_bullets: numberOf(match[1]!) },
          at: { start, end },
        },
      ];
  }
  return [];
}

const highlightVerb = /\b(?:highlight(?:s|ed|ing)?|itali[cs]\w*|emphasi[sz]\w*|bold(?:ed)?)\b/iu;
const markdownWays = /\*|\bmarkdown\b|\basterisks?\b/iu;
const countedHighlights = new RegExp(
  `\\b(?:highlight|itali[cs]i[sz]e)\\b[^.!?]{0,30}?${N}\\b[^.!?]{0,30}\\b(?:sections?|phrases?|parts?|words?|names?|sentences?)\\b`,
  'iu',
);
const highlightUnit =
  '(?:sections?|phrases?|parts?|highlights?|sentences?|words?|names?|titles?|places|sites|keywords?|points?|pieces?|blocks?|texts?|italics?|highlighted|key)';

function highlights({ text, sentences }: AskedText): Found[] {
  const about = sentences.filter((each) => highlightVerb.test(each.text));
  const isMeant = about.some((each) => {
    // Marks of the prompt itself are not what it asks for.
    const said = each.text.replace(/\*\*([^*\n]+)\*\*|^\* /gu, '$1');
    return markdownWays.test(said) || countedHighlights.test(said);
  });
  const sentence = isMeant ? about[0] : undefined;
  if (sentence === undefined || isNegated(sentence.text.slice(0, highlightVerb.exec(sentence.text)!.index).slice(-25)))
    return [];
  const clauses = sentence.text.split(/(?<=[,;])\s+(?=and\b|the\b|your\b)|(?<=[.!?])\s+/u);
  const clause = clauses.find((each) => highlightVerb.test(each)) ?? sentence.text;
  const literal = clause.replace(/\*[^*\n]*\*/gu, ' ');
  const bare = new RegExp(`(${N})\\b`, 'iu').exec(literal);
  const times = /\b(?:twice|thrice|times)\b/iu.test(literal) ? timesOf(literal)[0]?.n : undefined;
  const stated = boundsOf(literal, highlightUnit).find(({ relation }) => relation === 'at least')?.n;
  const elsewhere = boundsOf(text, 'sections?').find(({ relation }) => relation === 'at least')?.n;
  const single = /\b(?:a|an|one|single) (?:[\p{L}]+ )?(?:section|phrase|part|italic|word)/iu.test(literal)
    ? 1
    : undefined;
  const count = stated ?? times ?? (bare === null ? undefined : numberOf(bare[1]!)) ?? single ?? elsewhere ?? 1;
  return [
    {
      id: 'detectable_format:number_highlighted_sections',
      kwargs: { num_highlights: Math.max(1, count) },
      at: sentence,
    },
  ];
}

function title({ text }: AskedText): Found[] {
  const match = /<<[^<>\n]*>>|\bdouble (?:angular|angle) (?:brackets?|quotation marks?)\b/iu.exec(text);
  if (match === null || !(/\btitles?\b|\bname\b/iu.test(text) || match[0].startsWith('<<'))) return [];
  return [
    { id: 'detectable_format:title', kwargs: {}, at: { start: match.index, end: match.index + match[0].length } },
  ];
}

function twoResponses({ text }: AskedText): Found[] {
  const match = /\b(?:6|six) (?:\p{L}+ )?asterisks?\b|(?<!\*)\*{6}(?!\*)/iu.exec(text);
  if (match === null) return [];
  return [
    { id: 'combination:two_responses', kwargs: {}, at: { start: match.index, end: match.index + match[0].length } },
  ];
}

const repeatVerb = '(?:repeat|copy|restate|echo|reproduce)(?:ing)?';
const request =
  '(?:requests?|input|questions?|sentences?|prompt|instructions?|query|message|above|exactly|word for word|word by word|verbatim|text)';
const repeats = new RegExp(
  `\\b${repeatVerb}\\b(?! (?:all|any|this|these|your|the (?:system|previous)|yourself|back) ?(?:instructions|previous|rules|prompt)?\\b(?<=instructions|previous|rules|yourself|prompt))[^.!?\\n]{0,80}?\\b${request}\\b`,
  'iu',
);

function repeatPrompt(asked: AskedText): Found[] {
  for (const sentence of asked.sentences) {
    const match = repeats.exec(sentence.text);
    if (match === null) continue;
    const before = sentence.text.slice(0, match.index);
    if (isNegated(before.split(/[,;]/u).at(-1)!) || /\bbefore (?:\p{L}+ )?$/iu.test(before)) continue;
    if (
      /\b(?:if|when|need to|unless|asked to|wants? you to|tries)\b[^,;]*$/iu.test(before) &&
      !/\bfirst\b/iu.test(before)
    )
      continue;
    return [{ id: 'combination:repeat_prompt', kwargs: {}, at: sentence }];
  }
  return [];
}
