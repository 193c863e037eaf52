import type { AskedText, Found } from './askedText.ts';
import { boundsOf } from './comparator.ts';
import { numberOf, numberPattern as N, ordinalPattern, placeOf } from './numbers.ts';

/** How long an answer has to be. Of several sentences with numbers the first counts. */
export function lengthRecogniser(asked: AskedText): Found[] {
  const nth = nthParagraph(asked);
  return [
    ...sentenceCount(asked),
    ...wordCount(asked),
    ...characterCount(asked),
    ...nth,
    ...(nth.length > 0 ? [] : paragraphCount(asked)),
  ];
}

/** Sentences about a part of the response, or about what depends on its length. */
function isAboutPart(text: string): boolean {
  if (dependsOnLength.test(text)) return true;
  if (/\b(?:response|answer|reply|output)\b/iu.test(text)) return false;
  if (/\b(?:titles?|headlines?|subject lines?|captions?|taglines?|slogans?|labels?|headings?|hashtags?)\b/iu.test(text))
    return true;
  // "Summary (max. 3 sentences)" is an item of a layout.
  return text.includes('(') && (text.replace(/\([^()]*\)/g, ' ').match(/\p{L}+/gu) ?? []).length <= 2;
}

const dependsOnLength =
  /\b(?:if|when|unless|before writing)\b(?:[^,]|,\d){0,60}\b(?:words|sentences|paragraphs|characters)\b|\b(?:answers|replies|responses|texts|documents|articles|messages|emails)\b[^.,]{0,12}\b(?:of|with|above|over|longer than|exceeding) (?:more than |at least |over )?[\d,]+ (?:words|sentences|paragraphs|characters)\b/iu;

function sentenceCount({ sentences }: AskedText): Found[] {
  for (const { text, start, end } of sentences) {
    if (
      /\b(?:per|each|every) (?:bullet|paragraph|section|item|line|point|step|entry)|\b(?:bullet|paragraph|section|item|summary|description)s? (?:of|with|in) /iu.test(
        text,
      ) &&
      !/\b(?:response|answer|reply|output)\b/iu.test(text)
    )
      continue;
    if (isAboutPart(text)) continue;
    const bounds = boundsOf(text, 'sentences?');
    if (bounds.length > 0)
      return bounds.map(({ relation, n }) => ({
        id: 'length_constraints:number_sentences',
        kwargs: { relation, num_sentences: n },
        at: { start, end },
      }));
  }
  return [];
}

const aboutCapitals = /\bcapital|\ball[- ]caps\b|\bupper-?case|\bin caps\b/iu;

function wordCount({ sentences }: AskedText): Found[] {
  for (const { text, start, end } of sentences) {
    if (isAboutPart(text)) continue;
    const bounds =
      boundsOf(text, 'words?').length === 0
        ? []
        : boundsOf(aboutCapitals.test(text) ? withoutCapitals(text) : text, 'words?');
    if (bounds.length > 0)
      return bounds.map(({ relation, n }) => ({
        id: 'length_constraints:number_words',
        kwargs: { relation, num_words: n },
        at: { start, end },
      }));
  }
  return [];
}

/** Clauses about words in capitals are about something else. */
const withoutCapitals = (text: string): string =>
  text
    .split(/(?<=[,;])\s|\band\b/u)
    .filter((clause) => !aboutCapitals.test(clause))
    .join(' ');

function characterCount({ sentences }: AskedText): Found[] {
  for (const { text, start, end } of sentences) {
    const isAboutNames = /\b(?:names?|passwords?|usernames?|lines?|identifiers?|words? or characters?)\b/iu.test(text);
    if (isAboutNames || isAboutPart(text)) continue;
    const bounds = boundsOf(text, 'characters?');
    if (bounds.length > 0)
      return bounds.map(({ relation, n }) => ({
        id: 'style:characters',
        kwargs: { relation, characters: n },
        at: { start, end },
      }));
  }
  return [];
}

const parts = '(?:paragraphs?|stanzas?|sections?|parts?|verses?|steps?|versions?)';
const countedParts = new RegExp(`(${N})\\s+(?:[\\p{L}-]+\\s+){0,2}?${parts}\\b`, 'iu');
const countedParagraphs = new RegExp(`(${N})\\s+(?:[\\p{L}-]+\\s+){0,2}?paragraphs?\\b`, 'iu');
const word = '["“”\'‘`]?([\\p{L}\\p{N}][\\p{L}\\p{N}-]*)["”\'’`]?';
const startsWith = '(?:starts?|begins?|starting|beginning)';
const ofWord = `(?:the )?(?:exact )?(?:key ?word |word )?${word}`;
const nthPatterns: readonly RegExp[] = [
  new RegExp(`\\b(${ordinalPattern}) paragraph\\b[^.!?\\n]{0,40}?\\b${startsWith}\\b(?: off)? with ${ofWord}`, 'iu'),
  new RegExp(
    `\\bparagraph (?:number )?(\\d+|${N})\\b[^.!?\\n]{0,40}?\\b${startsWith}\\b(?: off)? with ${ofWord}`,
    'iu',
  ),
  new RegExp(`\\b${startsWith} (?:off )?(?:the )?(?:very )?(${ordinalPattern}) paragraph with ${ofWord}`, 'iu'),
  new RegExp(`\\b${startsWith} paragraph (?:number )?(\\d+|${N}) with ${ofWord}`, 'iu'),
  new RegExp(`\\bfirst word of (?:the )?(${ordinalPattern}) paragraph (?:must|should|has to|is to) be ${ofWord}`, 'iu'),
];

function nthParagraph({ text }: AskedText): Found[] {
  for (const pattern of nthPatterns) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const stated = countedParagraphs.exec(text.slice(0, match.index)) ?? countedParagraphs.exec(text);
    const count = stated === null ? undefined : numberOf(stated[1]!);
    const nth = placeOf(match[1]!) ?? (/^(?:last|final)$/iu.test(match[1]!) ? count : numberOf(match[1]!));
    if (nth === undefined) continue;
    return [
      {
        id: 'length_constraints:nth_paragraph_first_word',
        kwargs: {
          num_paragraphs: Math.max(count ?? nth, nth),
          nth_paragraph: nth,
          first_word: match[2]!.toLowerCase(),
        },
        at: { start: match.index, end: match.index + match[0].length },
      },
    ];
  }
  return [];
}

const loneDivider = /(?<!\*)\*\*\*(?!\*)/gu;
const separates = /\b(?:separat\w*|divid\w*|split|format)\b/iu;
const dividerWords = /\bmarkdown dividers?\b|\b(?:3|three) asterisks?\b|\bthree stars\b/iu;

function paragraphCount({ text, sentences }: AskedText): Found[] {
  const dividers = [...text.matchAll(loneDivider)];
  if ((dividers.length > 0 && separates.test(text)) || dividerWords.test(text)) {
    const stated = countedParts.exec(text);
    // Dividers of a sketched layout stand alone on their lines, or between its parts; one that is named stands in quotes.
    const alone = dividers.filter(
      ({ index }) => /(?:^|\n)\s*$/u.test(text.slice(0, index)) && /^\*\*\*\s*(?:\n|$)/u.test(text.slice(index)),
    );
    const between = dividers.filter(({ index }) => !/["“'‘(`:]\s*$/u.test(text.slice(0, index)));
    const sketched = alone.length > 0 ? alone.length : between.length > 1 ? between.length : dividers.length;
    const count = alone.length > 0 || stated === null ? sketched + 1 : numberOf(stated[1]!);
    const first = dividers[0]?.index ?? dividerWords.exec(text)!.index;
    return [
      {
        id: 'length_constraints:number_paragraphs',
        kwargs: { num_paragraphs: count },
        at: { start: first, end: first + 3 },
      },
    ];
  }
  return sentences.flatMap(({ text: sentence, start, end }) =>
    boundsOf(sentence, 'paragraphs?').map(({ relation, n }) => ({
      id: 'style:paragraphs',
      kwargs: { relation, paragraphs: n },
      at: { start, end },
    })),
  );
}
