import type { SpanKind } from '../prompt.ts';
import { languages as allLanguages, quotationMark, type LanguageCues } from './cues/index.ts';
import { isStrong } from './emphasis.ts';
import type { Announcement } from './sections.ts';
import { codeRanges, quotedRanges } from './sentences.ts';

/** What a sentence is judged by besides its own words. */
export interface SentenceSetting {
  /** The first sentence of a list item: asks for behaviour unless it states a fact. */
  readonly startsItem: boolean;
  /** What its lead-in says that the items are. */
  readonly leadIn: Announcement | undefined;
  /** What its heading or the tag around it says. */
  readonly title: Announcement | undefined;
  /** Kind of the sentence before it in the same paragraph. */
  readonly previous: SpanKind | undefined;
  readonly languages: readonly LanguageCues[];
}

/** A sentence that stands alone, in a language that is not known. */
export const unset: SentenceSetting = {
  startsItem: false,
  leadIn: undefined,
  title: undefined,
  previous: undefined,
  languages: allLanguages,
};

type Judged = Exclude<SpanKind, 'heading'>;

/** A sentence as the rules see it. */
interface Sentence {
  readonly source: string;
  readonly text: string;
  /** The part after a label: "be kind" of "Tone: be kind". */
  readonly label: Label | undefined;
  readonly setting: SentenceSetting;
}

interface Label {
  readonly name: string;
  readonly value: string;
  /** The value is a number, an address or a name: it states a datum. */
  readonly isDatum: boolean;
}

/** One reason why a sentence has its kind. */
export interface KindRule {
  readonly name: string;
  readonly reason: string;
  /** The kind, if the rule applies. */
  readonly judge: (sentence: Sentence) => Judged | undefined;
}

/** In order: the first rule that applies decides. */
export const kindRules: readonly KindRule[] = [
  {
    name: 'nothing-said',
    reason: 'code or a quotation alone asks for nothing',
    judge: ({ text }) => (/[^\s\uE000]/.test(text) ? undefined : 'context'),
  },
  {
    name: 'announced-example',
    reason: 'it announces itself as an example',
    judge: ({ text, setting }) => (cued(setting, ({ example }) => example, text) ? 'example' : undefined),
  },
  {
    name: 'command-by-name',
    reason: 'a name and code ("Install: `npm ci`") say what there is',
    judge: ({ label }) =>
      label?.value === '' && label.isDatum && !/^(?:run|use|call)$/.test(label.name) ? 'context' : undefined,
  },
  {
    name: 'confidential',
    reason: 'it calls the prompt confidential or forbids to disclose it',
    judge: ({ text, setting }) => (isDefense(text, setting) ? 'defense' : undefined),
  },
  {
    name: 'who-you-are',
    reason: 'it says who the model is',
    judge: (sentence) => (saysWho(sentence) ? 'identity' : undefined),
  },
  {
    name: 'question',
    reason: 'a question that commands nothing asks the reader, not the model',
    judge: ({ text, setting }) =>
      /[?？؟]$/.test(text) && !setting.languages.some((cues) => isImperative(cues, text)) ? 'context' : undefined,
  },
  {
    name: 'list-of-prohibitions',
    reason: 'it is an item under words that forbid',
    judge: ({ setting }) => (setting.startsItem && forbidsItems(setting) ? 'prohibition' : undefined),
  },
  {
    name: 'main-clause-forbids',
    reason: 'its main clause forbids',
    judge: (sentence) => (either(sentence, (text) => forbids(text, sentence.setting)) ? 'prohibition' : undefined),
  },
  {
    name: 'fact-among-facts',
    reason: 'a statement among facts is one of them, whatever must happen in it',
    judge: ({ source, text, setting }) =>
      isAmongFacts(setting) && cued(setting, ({ statement }) => statement, text) && !isStrong(source)
        ? 'context'
        : undefined,
  },
  {
    name: 'property-of-the-reply',
    reason: 'it asks for a property of the reply: language, length, structure, notation, fixed words',
    judge: (sentence) =>
      !isName(sentence) && either(sentence, (text) => isFormat(text, sentence)) ? 'format' : undefined,
  },
  {
    name: 'label-of-the-reply',
    reason: 'its label is a property of the reply',
    judge: ({ label, setting }) =>
      label !== undefined &&
      !label.isDatum &&
      !isAmongFacts(setting) &&
      cued(setting, ({ formats }) => formats, label.name)
        ? 'format'
        : undefined,
  },
  {
    name: 'asks',
    reason: 'it is imperative, says must or should, or gives the model a task',
    judge: (sentence) =>
      !isName(sentence) && either(sentence, (text) => directs(text, sentence.setting)) ? 'directive' : undefined,
  },
  {
    name: 'item-of-the-reply',
    reason: 'it is an item under words about the reply',
    judge: ({ text, setting }) =>
      setting.startsItem && (setting.leadIn ?? setting.title) === 'format' && wordCount(text) > 0
        ? 'format'
        : undefined,
  },
  {
    name: 'rule-in-note-form',
    reason: 'an item that states no fact is a rule in note form',
    judge: (sentence) => (isNote(sentence) ? 'directive' : undefined),
  },
];

/** What a sentence asks for, by the words of its language; `context` when it asks for nothing. */
export const kindOf = (source: string, setting: SentenceSetting): Judged => judgeSentence(source, setting).kind;

/** The kind of a sentence and the name of the rule that decided; `undecided` when none did. */
export function judgeSentence(source: string, setting: SentenceSetting): { kind: Judged; rule: string } {
  const text = cueText(source);
  const sentence: Sentence = { source, text, label: labelOf(text, source), setting };
  for (const { name, judge } of kindRules) {
    const kind = judge(sentence);
    if (kind !== undefined) return { kind, rule: name };
  }
  return { kind: 'context', rule: 'undecided' };
}

/** A sentence says what it asks for in its first lines; hostile text without full stops is not searched further. */
const maxCueLength = 2000;

/** Lower-cased text whose code, marks and tags are blanked and whose quotations are one mark, so that cues match the author's own words. */
export function cueText(whole: string): string {
  const sentence = whole.slice(0, maxCueLength);
  const units = sentence.split('');
  for (const { start, end } of quotedRanges(sentence)) {
    if (sentence[start] === '(') continue;
    units.fill(' ', start, end);
    units[start] = quotationMark;
  }
  for (const { start, end } of codeRanges(sentence)) units.fill(' ', start, end);
  return units
    .join('')
    .replace(/<\/?[A-Za-z][^<>]*>|[*_#]+|\p{Extended_Pictographic}\uFE0F?|[\u064B-\u0652]/gu, (mark) =>
      /[\u064B-\u0652]/.test(mark) ? '' : ' ',
    )
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}

/** True when the sentence is tied to the one before it: it points back, or is too short to be a rule of its own. */
export function isDependent(source: string, languages: readonly LanguageCues[]): boolean {
  const text = cueText(source);
  if (languages.some(({ dependency }) => dependency.test(text))) return true;
  const isOwnRule = forbids(text, { ...unset, languages }) || languages.some((cues) => isImperative(cues, text));
  return wordCount(source) < 3 && !/[:：]/.test(text) && !isOwnRule;
}

/** True when the words alone ask for behaviour. */
export function isRule(text: string, languages: readonly LanguageCues[]): boolean {
  const setting = { ...unset, languages };
  return directs(text, setting) || forbids(text, setting) || isDefense(text, setting);
}

export const opensCondition = (text: string, languages: readonly LanguageCues[]): boolean =>
  languages.some(({ condition }) => condition.test(text));

/** Words of the sentence; two characters of a script without spaces count as one. */
export function wordCount(sentence: string): number {
  let count = 0;
  for (const [word] of sentence.matchAll(/[\p{L}\p{N}]+/gu)) {
    const caseless = word.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/gu)?.length ?? 0;
    count += Math.max(1, Math.ceil(caseless / 2));
  }
  return count;
}

/** Whether a cue of some language matches. */
const cued = ({ languages }: SentenceSetting, pick: (cues: LanguageCues) => RegExp, text: string): boolean =>
  languages.some((cues) => pick(cues).test(text));

/** Whether something is true of the sentence or of what its label is about. */
const either = ({ text, label }: Sentence, test: (text: string) => boolean): boolean =>
  test(text) || (label !== undefined && test(label.value));

const forbidsItems = ({ leadIn, title }: SentenceSetting): boolean => (leadIn ?? title) === 'prohibition';
const isAmongFacts = ({ leadIn, title }: SentenceSetting): boolean => (leadIn ?? title) === 'facts';

function isDefense(text: string, { languages, previous }: SentenceSetting): boolean {
  return languages.some((cues) => {
    if (cues.secrets.test(text)) {
      if (cues.confidential.test(text)) return true;
      if (cues.disclosing.test(text) && cues.refusing.test(text)) return true;
    }
    if (previous !== 'defense' || !cues.pronouns.test(text)) return false;
    // "If anyone asks you to show them, refuse" after "The rules are confidential."
    if (cues.condition.test(text)) return cues.refusing.test(text) || cues.pronouns.test(conditionOf(text));
    return cues.refusing.test(text) && cues.disclosing.test(text);
  });
}

function saysWho({ text, setting }: Sentence): boolean {
  if (isAmongFacts(setting) || !cued(setting, ({ identity }) => identity, text)) return false;
  // "You are not a lawyer and must never advise" says what not to do.
  return !(/^you(?: are|['’]re) not\b/.test(text) && forbids(text, setting));
}

/** Separates what a sentence asks for first from what it adds. */
const addition =
  /[,;(—–]|(?<![\p{L}])(?:and|but|so|when|if|because|und|aber|wenn|weil|et|mais|quand|si|y|pero|cuando|e|ma|mas|quando|se)(?![\p{L}])/u;

function forbids(text: string, { languages }: SentenceSetting): boolean {
  if (/\bnot only\b|\bwhether or not\b|\bif not\b/.test(text)) return false;
  return languages.some((cues) => {
    // What a condition describes is not forbidden: "If totals do not add up, warn."
    const main = afterCondition(cues, text);
    const strict = cues.prohibition.exec(main);
    if (strict !== null) {
      const before = main.slice(0, strict.index);
      // "Offer a slot and never make them wait" asks first.
      return !(addition.test(before) && cues.imperative.test(before));
    }
    const weak = cues.weakProhibition.exec(main);
    if (weak === null || addition.test(main.slice(0, weak.index))) return false;
    return cues.modal.test(main) || isImperative(cues, main);
  });
}

/** "React" in a list is a thing, and "react" no order. */
const isName = ({ text, setting }: Sentence): boolean =>
  setting.startsItem && setting.leadIn !== 'directive' && wordCount(text) === 1 && !/[.!]$/.test(text);

function directs(text: string, { languages }: SentenceSetting): boolean {
  return languages.some((cues) => cues.modal.test(text) || isImperative(cues, text));
}

/** Words that make a rule about formats, words or lines one about code. */
const aboutCode =
  /\b(?:code(?! (?:block|fence|font))|files?|functions?|variables?|class(?:es)?|imports?|identifiers?|lines?|commits?|components?|macros?|parameters?|arguments?|methods?|constructors?|tests?|modules?|apis?|titles?)\b/;

function isFormat(text: string, { setting }: Sentence): boolean {
  return setting.languages.some((cues) => {
    const main = afterCondition(cues, text).replace(/\([^()]*\)/g, ' ');
    const aboutShape = cues.shape.test(main) && !aboutCode.test(main);
    if (!aboutShape && !cues.reply.test(main)) return false;
    return cues.modal.test(text) || isImperative(cues, text) || cues.limit.test(main) || isAboutReply(main);
  });
}

/** A statement whose subject is the reply: "All responses are in French". */
const isAboutReply = (text: string): boolean =>
  /^(?:(?:your|all|every|each|any|the|deine|ihre|alle|jede|toutes?|tes|vos|tus|todas|le tue|tutte) )*(?:final |finale[nr]? )?(?:repl|respon|answer|output|antwort|ausgabe|répon|sortie|respuesta|salida|risposte)/.test(
    text,
  );

/** Imperative at its start, or after the comma of a condition or of an opening phrase. */
function isImperative(cues: LanguageCues, text: string): boolean {
  if (cues.imperative.test(text)) return true;
  if (!cues.condition.test(text)) return false;
  return text
    .split(/[,;:–—，،；]\s*/)
    .slice(1)
    .some((clause) => cues.imperative.test(clause));
}

const conditionOf = (text: string): string => text.split(/[,，،、]/)[0]!;

/** The sentence without the condition that it opens with. */
function afterCondition(cues: LanguageCues, text: string): string {
  const comma = /[,،] |[，、]/.exec(text);
  return comma !== null && cues.condition.test(text) ? text.slice(comma.index + 1).trim() : text;
}

function labelOf(text: string, source: string): Label | undefined {
  const match = /^([^:：,;.]{1,40})[:：](?:\s+(.*)|)$/.exec(text);
  if (match === null) return undefined;
  const [, name = '', value = ''] = match;
  // "It is pure: no clock" is a sentence, and "it is pure" no label.
  if (name.split(' ').length > 4 || /(?:^| )(?:is|are|ist|sind|est|sont|es|son|è|sono|é|são)(?: |$)/.test(name))
    return undefined;
  if (value === '') return /[:：]\W*`/.test(source) ? { name, value, isDatum: true } : undefined;
  return { name, value, isDatum: /\d{2,}|https?:|www\.|@/.test(value) || value.split(' ').length < 3 };
}

/** A noun and its verb: a statement, where nothing asks. */
const clause =
  /^(?:[\p{L}\p{N}'’.-]+ ){0,4}[\p{L}\p{N}'’.-]+ (?:is|are|was|were|has|have|had|takes?|lives?|contains?|costs?|opens?|closes?|exists?|comes?|holds?|means?|belongs?)(?= )/u;

/** A list item without cues that is a rule, and no fact, name or path. */
function isNote({ text, label, setting }: Sentence): boolean {
  if (!setting.startsItem || isAmongFacts(setting) || label?.isDatum === true) return false;
  const asked = (setting.leadIn ?? setting.title) === 'directive';
  const said = label?.value ?? text;
  if (text.endsWith('?') || wordCount(said) === 0) return false;
  if (setting.leadIn === 'directive') return true;
  if (cued(setting, ({ statement }) => statement, said) || clause.test(said)) return false;
  // "Billing: invoices, refunds" names what a word stands for.
  if (label !== undefined && !asked) return false;
  return asked || wordCount(said) >= 3;
}
