import type { FactKind } from './fact.ts';

const number = '\\d{1,3}(?:[.,\\s]\\d{3})+(?:[.,]\\d{1,2})?|\\d+(?:[.,]\\d{1,2})?';
const currency = '(?:€|\\$|£|¥|₹|(?:EUR|USD|GBP|CHF|JPY)\\b|euros?\\b|dollars?\\b|pounds?\\b|francs?\\b|cents?\\b)';
const clock =
  '(?:[01]?\\d|2[0-4])(?:[:.][0-5]\\d)?\\s?(?:[ap]m\\b|[ap]\\.m\\b\\.?|h\\b|Uhr\\b)|(?:[01]?\\d|2[0-3]):[0-5]\\d|noon\\b|midnight\\b';
const weekday =
  '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Mon|Tue|Wed|Thu|Fri|Sat|Sun|Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonntag';
const month =
  '(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\\.?';
const unit =
  '%|percent\\b|(?:business |working |calendar )?(?:days?|hours?|minutes?|weeks?|months?|years?)\\b|km\\b|kilomet(?:er|re)s?\\b|miles?\\b|kg\\b|grams?\\b|lit(?:er|re)s?\\b|[GMT]B\\b|rooms?\\b|seats?\\b|floors?\\b|employees\\b|members\\b|branches\\b|stores\\b|degrees\\b|points\\b';
const nameWord = "\\p{Lu}[\\p{L}\\p{M}'’-]*\\p{Ll}[\\p{L}\\p{M}'’-]*";

/** How the value of each kind looks, the most particular first. */
export const factPatterns: readonly (readonly [FactKind, RegExp])[] = [
  ['email', /(?<![\w.@/])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.\p{L}{2,}(?![\w@])/gu],
  ['url', /(?<![\w@/])(?:https?:\/\/[^\s<>"'`)\]}]*[\w/]|(?:www\.)(?:[\w-]+\.)+\p{L}{2,}(?:\/[\w/#?=&.-]*\w)?)/gu],
  [
    'phone',
    /(?<![\w.,/-])(?:\+\d{1,3}[ \u00a0-]?)?(?:\(\d{1,5}\)[ \u00a0-]?|0\d{1,4}[ \u00a0/-])?\d{2,5}(?:[ \u00a0/-]\d{2,5}){1,4}(?![\w.,/-]*\d)/gu,
  ],
  ['hours', new RegExp(`(?<![\\p{L}\\d])(?:${clock})\\s?(?:to|until|till|and|bis|-|–|—)\\s?(?:${clock})`, 'giu')],
  ['price', new RegExp(`(?<![\\w.,])(?:${currency}\\s?(?:${number})(?!\\d)|(?:${number})\\s?${currency})`, 'giu')],
  [
    'date',
    new RegExp(
      `(?<![\\w-])(?:\\d{4}-\\d{2}-\\d{2}|\\d{1,2}(?:st|nd|rd|th)?(?: of)? ${month}(?:,? \\d{4})?|${month} \\d{1,2}(?:st|nd|rd|th)?(?:,? \\d{4})?)(?![\\w-])`,
      'gu',
    ),
  ],
  ['number', new RegExp(`(?<![\\w.,$€£-])(?:${number})(?: |-)?(?:${unit})`, 'giu')],
  [
    'name',
    new RegExp(
      `(?<=\\b(?:is|are|was|named|called|by|at|from|in|name is|to|owner|manager|director|founder|ceo):?\\s(?:Dr\\. |Mrs?\\. |Ms\\. )?)(?!(?:Dr|Mrs?|Ms)\\.)${nameWord}(?:\\s(?:(?:of|de|van|von|der|&|and the)\\s)?${nameWord}){0,3}`,
      'gu',
    ),
  ],
];

/** Words that look like names and are none: days, months, languages, stress, beginnings of sentences. */
export const noName = new RegExp(
  `^(?:${weekday}|${month.replace('\\.?', '')}|English|German|French|Spanish|Italian|Portuguese|Japanese|Chinese|Arabic|Mrs?|Ms|Dr|Prof|Markdown|JSON|Never|Always|Only|Please|Do|You|The|This|If|I|It|We|They|A|An|Yes|No|None|True|False|Null|Python|TypeScript|JavaScript)$`,
  'u',
);
/** What a name states something about: "The manager is", "your name is", "made by", "is called". */
export const statesName =
  /\b(?:name is|named|called|(?:owner|manager|director|founder|ceo|president|chair|head|contact|creator|author|doctor|chef|host|assistant|companion|brand|company|capital|mascot|product|hotel|shop|bank|app|tool|team|school|clinic)(?: (?:\p{L}+ ){0,3})?(?:is|are|was|:)|(?:founded|made|owned|run|led|created|built|written|managed|headed|developed) by|(?:based|located|headquartered) in|headquarters (?:is|are) (?:in|at)|office (?:is|in)|work (?:for|at))\s*:?\s*(?:Dr\. |Mrs?\. |Ms\. )?$/iu;
