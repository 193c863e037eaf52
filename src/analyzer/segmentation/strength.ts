import type { Strength } from '../prompt.ts';
import type { LanguageCues } from './cues/index.ts';
import { cueText } from './kinds.ts';

/** What the author leaves room for ("prefer", "if possible") is `should`; stress and everything else is `must`. */
export function strengthOf(text: string, strong: boolean, languages: readonly LanguageCues[]): Strength {
  if (strong) return 'must';
  const words = cueText(text);
  return languages.some(({ tentative }) => tentative.test(words)) ? 'should' : 'must';
}
