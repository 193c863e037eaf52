import { HoldfastError } from '../../errors.ts';

/** How text is cut into words before byte pairs are merged; merges never cross a cut. */
export interface PreTokenizer {
  /** Applied one after the other, each to every piece of the one before. Matches and the gaps between them become pieces. */
  readonly patterns: readonly RegExp[];
  /** A word that is in the vocabulary as a whole is taken without merging. */
  readonly wholeWords: boolean;
}

// The patterns are those that the models were trained with, named as in the GGUF key `tokenizer.ggml.pre`. In them `\s` means
// Unicode's White_Space; JavaScript's own `\s` differs (it has U+FEFF and lacks U+0085), so it is replaced when compiling.
const contractions = `(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])`;
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
  readonly patterns: readonly string[];
  readonly wholeWords?: true;
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
  },
  { names: ['dbrx', 'smaug-bpe', 'chatglm-bpe', 'glm4'], patterns: [words(String.raw`\p{N}{1,3}`)] },
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
  { names: ['tekken'], patterns: [casedWords('', digit)], wholeWords: true },
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
  families.flatMap(({ names, patterns, wholeWords = false }) => {
    const preTokenizer: PreTokenizer = { patterns: patterns.map(compile), wholeWords };
    return names.map((name) => [name, preTokenizer] as const);
  }),
);

/** Values of `tokenizer.ggml.pre` that are known here, sorted. */
export const preTokenizerNames: readonly string[] = [...byName.keys()].sort();

/** The pre-tokenizer of that name; throws `unsupported-model` for a name that is not in the table. */
export function preTokenizer(name: string): PreTokenizer {
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

/** Words of `text`: non-empty, in order, together the whole text. */
export function splitWords({ patterns }: PreTokenizer, text: string): string[] {
  return patterns.reduce((pieces, pattern) => pieces.flatMap((piece) => splitPiece(pattern, piece)), [text]);
}

function splitPiece(pattern: RegExp, piece: string): string[] {
  const pieces: string[] = [];
  let end = 0;
  for (const match of piece.matchAll(pattern)) {
    if (match.index > end) pieces.push(piece.slice(end, match.index));
    pieces.push(match[0]);
    end = match.index + match[0].length;
  }
  if (end < piece.length) pieces.push(piece.slice(end));
  return pieces;
}
