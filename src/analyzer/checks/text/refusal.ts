/** What a refusal declines to do; "I can't wait" and "I cannot recommend it enough" decline nothing. */
const declined =
  'help|assist|do|provide|share|give|disclose|reveal|tell|show|discuss|talk|answer|comply|fulfil+|comment|repeat|respond|reply|offer|support|process|complete|handle|access|create|generate|write|say|speak|engage|advise|divulge|continue|perform|accommodate|make|output|print|translate|summari[sz]e|act|ignore|change|accept|allow|agree|be of|go into|get into';
const cannot =
  "(?:can(?:no|'|’)t|can not|am (?:not able|unable|not allowed|not permitted|not authori[sz]ed) to|'m (?:not able|unable|not allowed|not permitted|not authori[sz]ed) to|won't|will not|must not|may not|am not going to|'m not going to|do not|don't)";

/** Openings of refusals: English in full, other languages by their commonest forms. */
const refusals: readonly RegExp[] = [
  new RegExp(
    `\\bi(?:'m sorry, (?:but )?i)? ?${cannot} (?:(?:really|currently|actually|legally|in good conscience|be able to|directly|also) )*(?:${declined})\\b(?! but\\b| you enough\\b| enough\\b)`,
    'u',
  ),
  new RegExp(`\\bwe ${cannot} (?:${declined})\\b`, 'u'),
  /\bi(?: must| have to| need to| will|'ll|'d have to| would have to)? (?:respectfully |politely )?(?:decline|refuse)\b/u,
  /\b(?:i am|i'm) (?:sorry|afraid),? (?:but )?(?:that|this|it|i (?:can|am|do|will|won|must)|your request|no\b|we (?:can|do|are))/u,
  /^(?:sorry|apologies|my apologies|unfortunately|i apologi[sz]e),? (?:but )?(?:that|this|it|i (?:can|am|do|will|won|must)|i'm|we (?:can|do|are)|your request)[^.!?]*(?:n't|not|unable|confidential|decline)/u,
  /\b(?:is|are|remains?) (?:strictly )?(?:confidential|not something i can)/u,
  /\b(?:can't|cannot|can not) be (?:shared|disclosed|revealed|discussed|provided|answered)\b/u,
  /\b(?:outside|beyond) (?:of )?(?:my|the) scope\b/u,
  /\b(?:request|question) (?:is|was) (?:declined|refused|denied)\b/u,
  /\b(?:ich kann|kann ich|darf ich|ich darf)\b[^.!?]{0,80}\bnicht\b/u,
  /\bje (?:ne )?(?:peux|suis) pas\b|\bje ne (?:peux|suis|puis)\b[^.!?]{0,30}\bpas\b/u,
  /\bno (?:puedo|podemos|me es posible|estoy autorizad[oa])\b/u,
  /\bnon (?:posso|possiamo|sono in grado|mi è possibile)\b/u,
  /\bnão (?:posso|podemos|consigo|tenho permissão)\b/u,
  /(?:できません|いたしかねます|お答えできません)/u,
  /(?:我(?:无法|無法|不能)|抱歉[^。]{0,20}(?:无法|無法|不能))/u,
];

/** A refusal stands at the beginning; what a long answer says later is about its subject. */
const openingLength = 240;

/** Text in which quotes, white space and case play no role. */
export function plainText(text: string): string {
  return text
    .normalize('NFC')
    .toLowerCase()
    .replace(/[‘’´`]/g, "'")
    .replace(/[“”„«»]/g, '"')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Whether an answer declines what it was asked for, by its opening words. */
export function isRefusal(response: string): boolean {
  const opening = plainText(response).slice(0, openingLength);
  return refusals.some((pattern) => pattern.test(opening));
}
