import type { InstructionKind } from '../prompt.ts';
import type { LanguageCues } from './cues/index.ts';
import { cueText, kindOf, unset } from './kinds.ts';

/** What the text under a heading, in a tag or after a lead-in is, where its words say so. */
export type Announcement = 'facts' | 'examples' | 'prohibition' | 'directive' | 'format';

/** What a heading ("What you avoid", "Output format") or the name of a tag announces. */
export function announcedByTitle(title: string, languages: readonly LanguageCues[]): Announcement | undefined {
  const words = withoutColon(cueText(title));
  const says = (pick: (cues: LanguageCues) => RegExp): boolean => languages.some((cues) => pick(cues).test(words));
  if (announcesExamples(title)) return 'examples';
  if (says((cues) => cues.avoided)) return 'prohibition';
  if (says((cues) => cues.facts)) return 'facts';
  if (says((cues) => cues.formats)) return 'format';
  return says((cues) => cues.required) ? 'directive' : undefined;
}

/** What a lead-in announces: "Never do the following:", "The report has these parts:", "The shops are:". */
export function announcedByLeadIn(leadIn: string, languages: readonly LanguageCues[]): Announcement | undefined {
  const words = withoutColon(cueText(leadIn));
  const says = (pick: (cues: LanguageCues) => RegExp): boolean => languages.some((cues) => pick(cues).test(words));
  if (announcesExamples(leadIn)) return 'examples';
  if (says((cues) => cues.avoided)) return 'prohibition';
  // "Avoid deep nesting by:" is about what to do instead.
  if (/(?:^| )(?:by|using|with|through|via|instead)$/.test(words)) return 'directive';
  const kind = kindOf(leadIn, { ...unset, languages });
  if (kind === 'prohibition' || kind === 'defense') return 'prohibition';
  if (kind === 'format' || says((cues) => cues.formatLeadIn)) return 'format';
  if (isAsking(kind)) return 'directive';
  if (says((cues) => cues.required)) return 'directive';
  return says((cues) => cues.statement) ? 'facts' : undefined;
}

export function announcesExamples(text: string): boolean {
  const words = withoutColon(cueText(text));
  return (
    /^(?:[\p{L}-]+ ){0,2}(?:examples?|beispiele?|exemples?|ejemplos?|esemp[io]|exemplos?|samples?|مثال|أمثلة)(?: [\p{L}-]+){0,3}$/u.test(
      words,
    ) || /^(?:例|示例|例子|例文)$/.test(words)
  );
}

const isAsking = (kind: string): kind is InstructionKind => kind === 'directive';
const withoutColon = (words: string): string => words.replace(/\s*[:：]$/, '');
