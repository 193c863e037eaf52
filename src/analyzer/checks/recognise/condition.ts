const conditional =
  /^(?:[-*•]\s+|\d+[.)]\s+)?(?:but |and |only |however,? |also,? )?(?:if|when|whenever|in case|should|once|unless|for (?:questions|requests|messages|anything|any (?:question|request)s?)|in response to)\b\s*(.{3,200}?)(?:,| then\b| —| –|:)/iu;
const trailing =
  /\b(?:if|when|whenever|in case) ((?:asked|the (?:user|customer|client|caller)|users?|customers?|they|someone|anyone|a (?:user|customer)|you)\b[^.!?]{3,160})[.!?]?$/iu;

/** The condition of a sentence in its author's words; null where it states none. */
export function conditionOf(sentence: string): string | null {
  const match = conditional.exec(sentence) ?? trailing.exec(sentence);
  return match === null ? null : match[1]!.trim();
}
