import { arabic } from './arabic.ts';
import { chinese } from './chinese.ts';
import { english } from './english.ts';
import { french } from './french.ts';
import { german } from './german.ts';
import { italian } from './italian.ts';
import { japanese } from './japanese.ts';
import type { LanguageCues } from './languageCues.ts';
import { portuguese } from './portuguese.ts';
import { spanish } from './spanish.ts';

export { quotationMark, type LanguageCues } from './languageCues.ts';

export const languages: readonly LanguageCues[] = [
  english,
  german,
  french,
  spanish,
  italian,
  portuguese,
  japanese,
  chinese,
  arabic,
];

/** Words of emphasis that authors set in capitals. */
export const stressWords = new Set(
  (
    'must never always important critical required mandatory not no only all every any shall should avoid before after exactly ' +
    'immediately warning note stop first strictly absolutely do dont cannot unless forbidden essential ' +
    'nie niemals immer muss müssen darf nicht wichtig nur kein keine keinesfalls stets zwingend unbedingt ' +
    'jamais toujours doit devez obligatoire interdit uniquement seulement attention ' +
    'nunca siempre debe debes obligatorio prohibido solo sólo importante'
  ).split(' '),
);
