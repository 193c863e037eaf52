import type { InstructionKind, SpanKind } from '../prompt.ts';
import { languages, type LanguageCues } from './cues.ts';
import { isStrong } from './emphasis.ts';
import { codeRanges, quotedRanges } from './sentences.ts';

/** What a sentence is judged by besides its own words. */
export interface SentenceSetting {
  /** The first sentence of a list item: asks for behaviour unless it states a fact. */
  readonly startsItem: boolean;
  /** Its lead-in or heading announces facts, so it asks for behaviour only where its words say so. */
  readonly amongFacts: boolean;
  /** What its lead-in asks for, such as the prohibition of "Never do the following:". */
  readonly leadInKind: InstructionKind | undefined;
  /** Kind of the sentence before it in the same paragraph. */
  readonly previous: SpanKind | undefined;
}

/** Whether some language's cue matches. */
const cued = (pick: (cues: LanguageCues) => RegExp, text: string): boolean =>
  languages.some((cues) => pick(cues).test(text));

/** What a sentence asks for, by the words of its language; `context` when it asks for nothing. */
export function kindOf(sentence: string, setting: SentenceSetting): Exclude<SpanKind, 'heading'> {
  const text = cueText(sentence);
  if (text === '') return 'context';
  if (cued((cues) => cues.example, text)) return 'context';
  if (isDefense(text, setting.previous)) return 'defense';

  const { value, isFact } = labelled(text);
  const own = ownKind(text) ?? (value === undefined ? undefined : ownKind(value));
  const kind = own ?? (setting.startsItem ? itemKind(value ?? text, setting, isFact) : undefined);
  if (kind === undefined) return 'context';
  // "The meter must be read by May" among facts is one of them.
  const isFactual = setting.amongFacts && own === 'directive' && cued((cues) => cues.statement, text);
  if (isFactual && !isStrong(sentence)) return 'context';
  if (!setting.startsItem || kind !== 'directive' || setting.leadInKind === undefined) return kind;
  // "Never: give tax advice" forbids whatever the item says; "Reply with:" is specified by items that say nothing else.
  const forbids = setting.leadInKind === 'prohibition' || setting.leadInKind === 'defense';
  return forbids || own === undefined ? setting.leadInKind : kind;
}

/** A sentence says what it asks for in its first lines; hostile text without full stops is not searched further. */
const maxCueLength = 2000;

/** Lower-cased text whose code, quotations, marks and tags are blanked, so that cues match only the author's own words. */
export function cueText(whole: string): string {
  const sentence = whole.slice(0, maxCueLength);
  const units = sentence.split('');
  for (const { start, end } of codeRanges(sentence)) units.fill(' ', start, end);
  for (const { start, end } of quotedRanges(sentence)) {
    if (sentence[start] !== '(') units.fill(' ', start, end);
  }
  return units
    .join('')
    .replace(/<\/?[A-Za-z][^<>]*>|[*_#]+|\p{Extended_Pictographic}\uFE0F?/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}

/** True when the sentence is tied to the one before it. */
export function isDependent(sentence: string): boolean {
  const text = cueText(sentence);
  return cued((cues) => cues.dependency, text) || wordCount(sentence) < 3;
}

/** True when a heading or a lead-in announces facts rather than rules. */
export function announcesFacts(text: string, isHeading: boolean): boolean {
  const words = cueText(text);
  if (isHeading) return cued((cues) => cues.facts, words);
  return (
    cued((cues) => cues.statement, words) &&
    !cued((cues) => cues.modal, words) &&
    !cued((cues) => cues.prohibition, words)
  );
}

export function announcesExamples(text: string): boolean {
  const words = cueText(text).replace(/[:：]$/, '');
  return (
    /^(?:[\p{L}-]+ ){0,2}(?:examples?|beispiele?|exemples?|ejemplos?|samples?)(?: [\p{L}-]+){0,3}$/u.test(words) ||
    /^例$/.test(words)
  );
}

/** Words of the sentence; two characters of a script without spaces count as one. */
function wordCount(sentence: string): number {
  let count = 0;
  for (const [word] of sentence.matchAll(/[\p{L}\p{N}]+/gu)) {
    const caseless = word.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/gu)?.length ?? 0;
    count += Math.max(1, Math.ceil(caseless / 2));
  }
  return count;
}

function isDefense(text: string, previous: SpanKind | undefined): boolean {
  return languages.some((cues) => {
    if (cues.secrets.test(text)) {
      if (cues.confidential.test(text)) return true;
      if (cues.disclosing.test(text) && cues.refusing.test(text)) return true;
    }
    // "If anyone asks you to show them, refuse" after "The rules are confidential."
    if (previous !== 'defense') return false;
    return (
      cues.refusing.test(text) && (cues.pronouns.test(text) || cues.disclosing.test(text)) && opensCondition(cues, text)
    );
  });
}

function opensCondition(cues: LanguageCues, text: string): boolean {
  return cues.condition.test(text) || cues.disclosing.test(text);
}

/** Words that make a rule about formats, words or lines one about code. */
const aboutCode =
  /\b(?:code|files?|functions?|variables?|class(?:es)?|imports?|identifiers?|lines?|commits?|components?|tests?|modules?|apis?|titles?|names?)\b/;

/** Kind by cues alone; undefined when none says that the sentence asks for behaviour. */
function ownKind(text: string): InstructionKind | undefined {
  if (cued((cues) => cues.identity, text)) return 'identity';
  // What a condition describes is not forbidden: "If totals do not add up, warn."
  if (languages.some((cues) => cues.prohibition.test(afterCondition(cues, text)))) return 'prohibition';
  const directs = languages.some((cues) => cues.modal.test(text) || isImperative(cues, text));
  const aboutReply = cued((cues) => cues.reply, text) || (cued((cues) => cues.shape, text) && !aboutCode.test(text));
  if (!directs)
    return aboutReply &&
      /^(?:(?:your|all|every|each|any|the|deine|ihre|alle|jede|toutes?|tes|vos|tus|todas) )*(?:final |finale[nr]? )?(?:repl|respon|answer|output|antwort|ausgabe|répon|sortie|respuesta|salida)/.test(
        text,
      )
      ? 'format'
      : undefined;
  const mainClause = languages.some(
    (cues) =>
      cues.weakProhibition.test(afterCondition(cues, text)) && !/\bnot only\b|\bwhether or not\b|\bif not\b/.test(text),
  );
  if (mainClause) return 'prohibition';
  return aboutReply ? 'format' : 'directive';
}

/** Imperative at its start, or after the comma of a condition or of an opening phrase. */
function isImperative(cues: LanguageCues, text: string): boolean {
  if (cues.imperative.test(text)) return true;
  if (!cues.condition.test(text)) return false;
  return text
    .split(/[,;:–—]\s+/)
    .slice(1)
    .some((clause) => cues.imperative.test(clause));
}

/** The sentence without the condition that it opens with. */
function afterCondition(cues: LanguageCues, text: string): string {
  const comma = text.indexOf(', ');
  return comma !== -1 && cues.condition.test(text) ? text.slice(comma + 2) : text;
}

/** The part after a label ("Tone: friendly"), and whether it only states a datum. */
function labelled(text: string): { value?: string; isFact: boolean } {
  const match = /^([^:：,;.]{1,40})[:：]\s+(.+)$/.exec(text);
  const label = match?.[1];
  const value = match?.[2];
  if (label === undefined || value === undefined || label.split(' ').length > 4) return { isFact: false };
  const isFact = /\d{2,}|https?:|www\.|@/.test(value) || value.split(' ').length < 3;
  return { value, isFact };
}

/** A list item without cues: a rule in note form, unless it reads as a fact, a name or a path. */
function itemKind(text: string, setting: SentenceSetting, isFact: boolean): InstructionKind | undefined {
  if (setting.amongFacts || isFact) return undefined;
  if (cued((cues) => cues.statement, text)) return undefined;
  const isName = wordCount(text) < 3 && setting.leadInKind === undefined;
  return isName || text.endsWith('?') || wordCount(text) === 0 ? undefined : 'directive';
}
