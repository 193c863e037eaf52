import { stemmer } from 'stemmer';

/** Words as ROUGE counts them: lower case, runs outside `[a-z0-9]` are separators, words over 3 characters Porter-stemmed. */
export function rougeTokens(text: string): string[] {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.map((word) => (word.length > 3 ? stem(word) : word));
}

/** Porter's stem with the exception that the reference implementation makes: `ties` and `tied` give `tie`, not `ti`. */
function stem(word: string): string {
  return /^[a-z]ie[sd]$/.test(word) ? word.slice(0, 3) : stemmer(word);
}

/**
 * ROUGE-L recall: longest common subsequence / length of the reference, in 0..1; 0 when either side has no words.
 * Reference first: it says how much of the reference stands, in order, in the candidate.
 */
export function rougeLRecall(reference: string, candidate: string): number {
  const referenceTokens = rougeTokens(reference);
  if (referenceTokens.length === 0) return 0;
  return longestCommonSubsequence(referenceTokens, rougeTokens(candidate)) / referenceTokens.length;
}

/** Length of the longest common subsequence: O(n m) time, O(m) space. */
export function longestCommonSubsequence(left: readonly string[], right: readonly string[]): number {
  const ids = new Map<string, number>();
  const leftIds = Int32Array.from(left, (token) => {
    let id = ids.get(token);
    if (id === undefined) ids.set(token, (id = ids.size));
    return id;
  });
  // Tokens that the other side lacks cannot match.
  const rightIds = Int32Array.from(right.map((token) => ids.get(token)).filter((id): id is number => id !== undefined));
  const lengths = new Int32Array(rightIds.length + 1); // [column]: best of the left tokens so far and right[0..column)
  for (const token of leftIds) {
    let diagonal = 0;
    for (let column = 1; column <= rightIds.length; column++) {
      const above = lengths[column]!;
      if (rightIds[column - 1] === token) lengths[column] = diagonal + 1;
      else if (lengths[column - 1]! > above) lengths[column] = lengths[column - 1]!;
      diagonal = above;
    }
  }
  return lengths[rightIds.length]!;
}
