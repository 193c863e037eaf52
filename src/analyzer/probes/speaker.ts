/** A clause about "the user" as the user says it: "wants to cancel their order" becomes "wants to cancel my order". */
export function asUser(clause: string): string {
  return clause
    .replace(
      /\b(?:to|with|for|from) (?:the |a |any |your )?(?:users?|customers?|guests?|clients?|callers?|visitors?|patients?|students?|members?)\b/giu,
      (said) => `${said.split(' ')[0]!} me`,
    )
    .replace(/\b(?:the |a |an )?(?:user|customer|guest|client|caller|visitor|patient|student)['’]s\b/giu, 'my')
    .replace(/\b(?:their|his or her|his\/her)\b/giu, 'my')
    .replace(/\bthemselves\b/giu, 'myself')
    .replace(/\bthem\b/giu, 'me')
    .replace(/\b(?:they|he or she)\b/giu, 'I')
    .replace(/\bI are\b/gu, 'I am')
    .replace(/\bI has\b/gu, 'I have');
}

/** A clause about the model in the second person stays; quotes, marks and closing punctuation go. */
export function tidy(clause: string): string {
  return clause
    .replace(/[*_`]+/g, '')
    .replace(/\s+/g, ' ')
    .replace(/^[\s,;:–—-]+|[\s,;:.!?–—-]+$/gu, '')
    .trim();
}

/** The first letter as a sentence begins. */
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Whether a noun phrase takes "are": its first noun group ends as plurals do, or it lists several. */
export function isPlural(phrase: string): boolean {
  const head = phrase.split(/\b(?:of|for|from|in|on|about|to|with|that|which|who|above|below|than)\b/iu)[0]!.trim();
  if (/\band\b/iu.test(head)) return true;
  const last = head.split(/\s+/).at(-1) ?? '';
  return (
    /(?:[^siu]s|ies|data|people)$/iu.test(last) && !/(?:address|business|access|process|news|status)$/iu.test(last)
  );
}
