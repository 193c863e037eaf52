import { z } from 'zod';
import { AlignedTextBuilder } from '../alignedText.ts';
import { splitSequence, splitter, type PreTokenizer, type SplitBehavior } from '../splitting.ts';
import { compilePattern, component, optionsOf, pattern, unsupported, type Component } from './component.ts';

/** How text is cut, and whether words are spelled in bytes then. */
export interface JsonPreTokenizer {
  readonly split: PreTokenizer;
  readonly byteLevel: boolean;
}

const behaviors: Readonly<Record<string, SplitBehavior>> = {
  Isolated: 'isolated',
  Removed: 'removed',
  Contiguous: 'contiguous',
  MergedWithPrevious: 'merged-with-previous',
  MergedWithNext: 'merged-with-next',
};
const behavior = z.enum(Object.keys(behaviors)).transform((name) => behaviors[name]!);

const sequenceOptions = z.object({ pretokenizers: z.array(component) });
const splitOptions = z.object({ pattern, behavior, invert: z.boolean().default(false) });
const digitsOptions = z.object({ individual_digits: z.boolean().default(false) });
const punctuationOptions = z.object({ behavior: behavior.default('isolated') });
const byteLevelOptions = z.object({ add_prefix_space: z.boolean(), use_regex: z.boolean().default(true) });
const metaspaceOptions = z.object({
  replacement: z.string().refine((text) => Array.from(text).length === 1, 'must be one character'),
  prepend_scheme: z.enum(['always', 'first', 'never']).optional(),
  add_prefix_space: z.boolean().optional(), // files from before prepend_scheme
  split: z.boolean().default(true),
});

/** The pattern of GPT-2, which a ByteLevel step brings along. */
const gpt2 = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu; // prettier-ignore
const punctuation = /[!-/:-@[-`{-~]|\p{P}/gu;
const wordCharacter = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}`;

/** @throws HoldfastError `unsupported-model` for a step that is not known here, `model-format` for wrong options. */
export function readPreTokenizer(step: Component): JsonPreTokenizer {
  const split = (...steps: PreTokenizer[]): JsonPreTokenizer => ({ split: splitSequence(steps), byteLevel: false });
  switch (step.type) {
    case 'Sequence': {
      const steps = optionsOf(step, sequenceOptions).pretokenizers.map(readPreTokenizer);
      if (steps.slice(0, -1).some(({ byteLevel }) => byteLevel))
        throw unsupported('splits words after spelling them in bytes');
      return { split: splitSequence(steps.map((each) => each.split)), byteLevel: steps.at(-1)?.byteLevel ?? false };
    }
    case 'ByteLevel': {
      const { add_prefix_space: prefix, use_regex: splits } = optionsOf(step, byteLevelOptions);
      const steps = [...(prefix ? [prefixSpace] : []), ...(splits ? [splitter(gpt2, 'isolated')] : [])];
      return { split: splitSequence(steps), byteLevel: true };
    }
    case 'Split': {
      const options = optionsOf(step, splitOptions);
      return split(splitter(compilePattern(options.pattern), options.behavior, options.invert));
    }
    case 'Digits':
      return split(splitter(/\p{N}/gu, optionsOf(step, digitsOptions).individual_digits ? 'isolated' : 'contiguous'));
    case 'Punctuation':
      return split(splitter(punctuation, optionsOf(step, punctuationOptions).behavior));
    case 'Whitespace':
      return split(
        splitter(new RegExp(`[${wordCharacter}]+|[^${wordCharacter}\\p{White_Space}]+`, 'gu'), 'removed', true),
      );
    case 'WhitespaceSplit':
      return split(splitter(/\p{White_Space}/gu, 'removed'));
    case 'Metaspace':
      return split(metaspace(optionsOf(step, metaspaceOptions)));
    default:
      throw unsupported(`splits words by "${step.type}"`);
  }
}

const prefixSpace: PreTokenizer = (text) => [text.text.startsWith(' ') ? text : text.prepend(' ')];

/** Writes spaces as a visible mark, with one in front, and begins a word at each. */
function metaspace({
  replacement,
  prepend_scheme,
  add_prefix_space,
  split,
}: z.infer<typeof metaspaceOptions>): PreTokenizer {
  const scheme = prepend_scheme ?? (add_prefix_space === false ? 'never' : 'always');
  const words = splitter(new RegExp(replacement.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&'), 'gu'), 'merged-with-next');
  return (text) => {
    const changed = new AlignedTextBuilder(text);
    for (const { index } of text.text.matchAll(/ /g)) changed.replace(index, index + 1, replacement);
    const marked = changed.build();
    const wanted = scheme === 'always' || (scheme === 'first' && text.text !== '' && text.startOf(0) === 0);
    const prefixed = wanted && !marked.text.startsWith(replacement) ? marked.prepend(replacement) : marked;
    return split ? words(prefixed) : [prefixed];
  };
}
