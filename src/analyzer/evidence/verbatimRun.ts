/** The longest run of consecutive words that an answer takes over from a prompt. */
export interface VerbatimRun {
  readonly words: number;
  /** Of all words of the prompt, 0..1; 0 where it has none. */
  readonly share: number;
}

/**
 * Words for a word-by-word comparison: lower case, runs of letters, marks and digits of any script. ROUGE's words but for two
 * things: other scripts count, and nothing is stemmed, because "verbatim" is about the words themselves.
 */
export const verbatimWords = (text: string): string[] =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];

/** Case, punctuation, white space and list markers do not end a run. O(n m) time, O(m) space. */
export function longestVerbatimRun(prompt: string, answer: string): VerbatimRun {
  const promptWords = verbatimWords(prompt);
  const answerWords = verbatimWords(answer);
  const runs = new Int32Array(answerWords.length + 1); // [answer word + 1]: run that ends there and at the prompt's word
  let longest = 0;
  for (const word of promptWords) {
    // From the end, so that the run before is still that of the prompt's word before.
    for (let i = answerWords.length; i > 0; i--) {
      runs[i] = answerWords[i - 1] === word ? runs[i - 1]! + 1 : 0;
      longest = Math.max(longest, runs[i]!);
    }
  }
  return { words: longest, share: promptWords.length === 0 ? 0 : longest / promptWords.length };
}
