const opening =
  '(?:if|when|whenever|in case|should|once|for (?:questions|requests|messages|anything|any (?:question|request)s?)|in response to)';
/** At the start of a sentence, up to the comma before what has to be done then. */
const leading = new RegExp(
  `(?:^|[.!?]["'”’)]?\\s+)(?:[-*•]\\s+|\\d+[.)]\\s+)?(?:but |and |only |however,? |also,? )?${opening}\\b\\s*([^.!?]{3,200}?)(?:,| then\\b|\\s—|\\s–|:)`,
  'iu',
);
const trailing =
  /(?<!\b(?:even|especially|except|only) )\b(?:if|when|whenever|in case) ((?:asked|the (?:user|customer|client|caller|guest|visitor|patient)|users?|customers?|guests?|they|someone|somebody|anyone|anybody|an? (?:user|customer|client|caller|guest|visitor|patient)|you are asked)\b[^.!?,]{3,160})[.!?]?$/iu;

/** The condition of a sentence in its author's words; null where it states none. */
export function conditionOf(sentence: string): string | null {
  const match = leading.exec(sentence) ?? trailing.exec(sentence);
  return match === null ? null : match[1]!.trim();
}
