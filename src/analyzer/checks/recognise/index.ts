import type { TextRange } from '../../prompt.ts';
import { askedText, type AskedText, type Found } from './askedText.ts';
import { conditionOf } from './condition.ts';
import { endRecogniser } from './ends.ts';
import { formatRecogniser } from './format.ts';
import { keywordRecogniser } from './keywords.ts';
import { lengthRecogniser } from './length.ts';
import { letterRecogniser } from './letters.ts';
import { replyRecogniser } from './reply.ts';
import { responseScope, type Scope } from './scope.ts';

export { responseScope, type Scope } from './scope.ts';

/** A check that the wording of an instruction asks for. */
export interface RecognisedCheck {
  readonly id: string;
  /** As the check takes them. `combination:repeat_prompt` lacks its text, which is the user's message. */
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** Its words in the text. */
  readonly range: TextRange;
  /** When it holds, in the author's words ("the user asks about prices"); null where it always does. */
  readonly condition: string | null;
}

const recognisers: readonly ((asked: AskedText) => Found[])[] = [
  keywordRecogniser,
  lengthRecogniser,
  formatRecogniser,
  endRecogniser,
  letterRecogniser,
  replyRecogniser,
];

/**
 * The checks that a text asks for, in the order of the text, each with its parameters once. English wording only. What is not
 * about the response (`scope`) gives none: the same words ask for other things in rules about code and files.
 */
export function recogniseChecks(text: string, scope: Scope = responseScope(text)): RecognisedCheck[] {
  const normal = text.replaceAll('\r\n', '\n ');
  const asked = askedText(normal);
  const inScope = asked.sentences.filter(({ start, end }) => scope(normal.slice(start, end)));
  if (inScope.length === 0) return [];
  const scoped =
    inScope.length === asked.sentences.length ? asked : { text: onlyIn(asked.text, inScope), sentences: inScope };
  const seen = new Set<string>();
  return recognisers
    .flatMap((recogniser) => recogniser(scoped))
    .toSorted((a, b) => a.at.start - b.at.start)
    .filter(({ id, kwargs }) => {
      const key = JSON.stringify([id, kwargs]);
      return seen.has(key) ? false : (seen.add(key), true);
    })
    .map(({ id, kwargs, at }) => ({
      id,
      kwargs,
      range: { start: at.start, end: at.end },
      condition: conditionOf(asked.sentences.find(({ start, end }) => at.start >= start && at.start < end)?.text ?? ''),
    }));
}

/** The text with everything else blanked, so that places stay. */
function onlyIn(text: string, sentences: readonly TextRange[]): string {
  let kept = '';
  for (const { start, end } of sentences) kept = kept.padEnd(start) + text.slice(start, end);
  return kept;
}
