import { quotedRanges } from '../../segmentation/sentences.ts';
import { isRefusal } from '../text/refusal.ts';
import { isNegated, listItems, NEG, quotedTexts, type AskedSentence, type AskedText, type Found } from './askedText.ts';
import { boundsOf } from './comparator.ts';

/** Prescribed answers, refusals, and style for which IFEval has no check. */
export function replyRecogniser(asked: AskedText): Found[] {
  return asked.sentences.flatMap((sentence) => [
    ...prescribed(sentence),
    ...oneOf(sentence),
    ...refusal(sentence),
    ...noEmoji(sentence),
    ...noMarkdown(sentence),
    ...questions(sentence),
  ]);
}

const replyVerb = '(?:reply|respond|answer|say|return|output)';
const prescribedAnswer = new RegExp(
  `\\b${replyVerb}(?:ing)?(?: (?:to (?:the )?\\p{L}+|only|just|exactly|simply|always|instead|politely|back))* (?:with|by saying|only|exactly|just)?(?: (?:only|exactly|just))*(?: (?:the|this|that|following|exact|phrase|sentence|words?|message|text|a))*:? ?["“'‘]`,
  'iu',
);
const exclusive = /\b(?:only|exactly|just|nothing else|nothing more|no other (?:text|words?))\b/iu;

/** `If asked about X, reply only with "..."`. */
function prescribed(sentence: AskedSentence): Found[] {
  const match = prescribedAnswer.exec(sentence.text);
  if (match === null || isNegated(sentence.text.slice(Math.max(0, match.index - 12), match.index))) return [];
  // Words that somebody else is told, in a quotation, are not said to the model.
  if (quotedRanges(sentence.text).some(({ start, end }) => start < match.index && match.index < end)) return [];
  const after = sentence.text.slice(match.index + match[0].length - 1);
  const texts = quotedTexts(after);
  const text = texts[0];
  if (text === undefined || !/\p{L}/u.test(text) || /^my answer is/iu.test(text)) return [];
  if (texts.length > 1 && /^["“'‘][^"”'’]+["”'’],? (?:or|,)/u.test(after)) return [];
  const id = isRefusal(text) ? 'reply:refusal' : exclusive.test(match[0] + after) ? 'reply:only' : 'reply:prescribed';
  return [found(id, id === 'reply:only' ? { options: [text] } : { text }, sentence)];
}

const choice = new RegExp(
  `\\b${replyVerb}(?:ing)?\\b[^.!?"“]{0,40}?\\b(?:only|with one of|with either|either|exactly one of|with exactly)\\b[^.!?"“:]{0,50}?:? ?(.+)$`,
  'iu',
);

/** "Answer only yes or no", "reply with one of: A, B, C". */
function oneOf(sentence: AskedSentence): Found[] {
  const match = choice.exec(sentence.text);
  if (
    match === null ||
    isNegated(sentence.text.slice(0, match.index).slice(-15)) ||
    /my answer is/iu.test(sentence.text)
  )
    return [];
  const list = match[1]!;
  const quoted = quotedTexts(list);
  const items =
    quoted.length > 1 ? quoted : /\b(?:yes|no|true|false)\b/iu.test(list) && / or /iu.test(list) ? listItems(list) : [];
  const isList = items.length > 1 && items.length <= 12 && items.every((item) => item.length <= 40);
  if (!isList || !/ or |one of|either/iu.test(match[0])) return [];
  return [found('reply:only', { options: items }, sentence)];
}

const refuses =
  /\b(?:politely |respectfully |always |you must |you should |please )*(?:refuse|decline)\b(?! (?:button|order|code))(?: (?:to (?:answer|discuss|help|provide|respond|engage|comply|comment|assist|do|share|reveal)|politely|the request|any request|such requests?|all requests?|requests?|it|them)\b|[.,;!]|$)/iu;

function refusal(sentence: AskedSentence): Found[] {
  const match = refuses.exec(sentence.text);
  if (match === null) return [];
  const before = sentence.text.slice(0, match.index);
  if (
    isNegated(before.split(/,/u).at(-1)!) ||
    /\b(?:if|when|may|might|can|to|users?|customers?|they|who)\s*$/iu.test(before)
  )
    return [];
  return [found('reply:refusal', {}, sentence)];
}

function noEmoji(sentence: AskedSentence): Found[] {
  const match = new RegExp(
    `\\b${NEG}\\s+(?:(?:ever|use|using|include|including|add|any|of|the|a|emoticons or|markdown or) )*emojis?\\b|\\bemojis? (?:are|is) (?:not allowed|forbidden)\\b|\\bemoji-free\\b`,
    'iu',
  ).exec(sentence.text);
  return match === null || /\bunless\b|\bexcept\b/iu.test(sentence.text) ? [] : [found('style:no_emoji', {}, sentence)];
}

function noMarkdown(sentence: AskedSentence): Found[] {
  const match =
    new RegExp(
      `\\b${NEG}\\s+(?:(?:ever|use|using|include|any|of|the|emojis? or) )*markdown\\b(?! (?:files?|links?|tables?|headings?|headers?|documents?))`,
      'iu',
    ).exec(sentence.text) ??
    /\b(?:respond|reply|answer|write|output)\b[^.!?]{0,30}\bin plain text\b/iu.exec(sentence.text);
  return match === null || /\bunless\b|\bexcept\b/iu.test(sentence.text)
    ? []
    : [found('style:no_markdown', {}, sentence)];
}

function questions(sentence: AskedSentence): Found[] {
  if (
    !/\bask\b/iu.test(sentence.text) ||
    isNegated(sentence.text.slice(0, sentence.text.search(/\bask\b/iu)).slice(-12))
  )
    return [];
  if (
    /\bask (?:only |exactly |just )?(?:one|a single) question(?: at a time| per (?:message|reply|turn|response))?\b/iu.test(
      sentence.text,
    )
  ) {
    const isExact = /\bexactly\b/iu.test(sentence.text);
    const most = found('style:questions', { relation: 'less than', questions: 2 }, sentence);
    return isExact ? [found('style:questions', { relation: 'at least', questions: 1 }, sentence), most] : [most];
  }
  return boundsOf(sentence.text, 'questions?').map(({ relation, n }) =>
    found('style:questions', { relation, questions: n }, sentence),
  );
}

const found = (id: string, kwargs: Found['kwargs'], { start, end }: AskedSentence): Found => ({
  id,
  kwargs,
  at: { start, end },
});
