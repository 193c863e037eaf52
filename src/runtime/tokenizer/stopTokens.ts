/**
 * Tokens that end an answer in every vocabulary that has them. Model files name one of them at most; llama.cpp finds the
 * others by these names too.
 */
export const endOfGenerationPieces: ReadonlySet<string> = new Set([
  '<|eot_id|>',
  '<|eom_id|>',
  '<|end_of_text|>',
  '<|im_end|>',
  '<|end|>',
  '<|endoftext|>',
  '<|return|>',
  '<end_of_turn>',
  '<eos>',
  '</s>',
  '<EOT>',
  '[EOS]',
  '<end_of_utterance>',
  '<｜end▁of▁sentence｜>',
]);
