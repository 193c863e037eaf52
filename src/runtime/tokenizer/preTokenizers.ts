import { HoldfastError } from '../../errors.ts';
import { splitSequence, splitter, type PreTokenizer } from './splitting.ts';

/** How a byte-level model cuts text into words. */
export interface SplittingRules {
  readonly preTokenizer: PreTokenizer;
  /** A word that is in the vocabulary as a whole is taken without merging. */
  readonly wholeWords: boolean;
  /** A text begins with BOS unless the file says otherwise. */
  readonly addsBos: boolean;
}

// The patterns are those that the models were trained with, named as in the GGUF key `tokenizer.ggml.pre`. In them `\s` means
// Unicode's White_Space; JavaScript's own `\s` differs (it has U+FEFF and lacks U+0085), so it is replaced when compiling.
const contractions = `(?:'[sSſ]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])`;
const spaces = String.raw`\s*[\r\n]+|\s+(?!\S)|\s+`;
const upper = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const lower = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;

const digit = String.raw`\p{N}`;
const gpt2 = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;
const words = (numbers: string) =>
  String.raw`${contractions}|[^\r\n\p{L}\p{N}]?\p{L}+|${numbers}| ?[^\s\p{L}\p{N}]+[\r\n]*|${spaces}`;
/** Words that end where the case changes from lower to upper, with `suffix` after each. */
const casedWords = (suffix: string, numbers: string) =>
  String.raw`[^\r\n\p{L}\p{N}]?${upper}*${lower}+${suffix}|[^\r\n\p{L}\p{N}]?${upper}+${lower}*${suffix}|` +
  String.raw`${numbers}| ?[^\s\p{L}\p{N}]+[\r\n/]*|${spaces}`;

interface Family {
  readonly names: readonly string[];
  /** Applied one after the other, each to every word of the one before. */
  readonly patterns: readonly string[];
  readonly wholeWords?: true;
  readonly addsBos?: true;
}

const families: readonly Family[] = [
  {
    names: ['smollm', 'starcoder', 'refact', 'command-r', 'codeshell', 'exaone', 'minerva-7b'],
    patterns: [digit, gpt2],
  },
  {
    names: ['gpt-2', 'phi-2', 'mpt', 'olmo', 'jais', 'trillion', 'exaone4', 'gigachat', 'a.x-4.0', 'mellum'],
    patterns: [gpt2],
  },
  {
    names: ['llama-bpe', 'llama3', 'llama-v3', 'falcon3', 'falcon-h1', 'pixtral', 'midm-2.0', 'lfm2'],
    patterns: [words(String.raw`\p{N}{1,3}`)],
    wholeWords: true,
    addsBos: true,
  },
  { names: ['glm4'], patterns: [words(String.raw`\p{N}{1,3}`)], wholeWords: true },
  { names: ['dbrx', 'smaug-bpe', 'chatglm-bpe'], patterns: [words(String.raw`\p{N}{1,3}`)] },
  {
    names: ['qwen2', 'deepseek-r1-qwen', 'kormo', 'megrez', 'stablelm2', 'hunyuan', 'grok-2'],
    patterns: [words(digit)],
  },
  {
    names: ['qwen35'],
    patterns: [
      String.raw`${contractions}|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|${spaces}`,
    ],
  },
  { names: ['tekken'], patterns: [casedWords('', digit)], wholeWords: true, addsBos: true },
  {
    names: ['gpt-4o', 'llama4', 'minimax-m2'],
    patterns: [casedWords(`${contractions}?`, String.raw`\p{N}{1,3}`)],
  },
  {
    names: ['deepseek-v3', 'hunyuan-dense'],
    patterns: [
      String.raw`\p{N}{1,3}`,
      String.raw`[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+`,
      String.raw`[!-\/:-@\[-\x60\{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|${spaces}`,
    ],
  },
];

const compile = (pattern: string) =>
  new RegExp(pattern.replaceAll('\\s', '\\p{White_Space}').replaceAll('\\S', '\\P{White_Space}'), 'gu');

const byName = new Map(
  families.flatMap(({ names, patterns, wholeWords = false, addsBos = false }) => {
    const preTokenizer = splitSequence(patterns.map((pattern) => splitter(compile(pattern), 'isolated')));
    return names.map((name): [string, SplittingRules] => [name, { preTokenizer, wholeWords, addsBos }]);
  }),
);

/** Values of `tokenizer.ggml.pre` that are known here, sorted. */
export const preTokenizerNames: readonly string[] = [...byName.keys()].sort();

/** The rules of that name; throws `unsupported-model` for a name that is not in the table. */
export function splittingRules(name: string): SplittingRules {
  const found = byName.get(name);
  if (found === undefined) {
    throw new HoldfastError(
      'unsupported-model',
      `The model's tokenizer splits words by the rules named "${name}", which are not known here.`,
      `Use a model whose tokenizer.ggml.pre is one of: ${preTokenizerNames.join(', ')}.`,
    );
  }
  return found;
}
