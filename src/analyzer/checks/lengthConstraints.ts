import { z } from 'zod';
import { defineCheck, type Check } from './check.ts';
import { count, holds, relation } from './relation.ts';
import { countOf, isBlank, space, splitWords, strip, stripStart, wordCharacter } from './text/pythonText.ts';
import { countSentences } from './text/sentenceCount.ts';

const word = new RegExp(`${wordCharacter}+`, 'gu');
const divider = new RegExp(`${space}?\\*\\*\\*${space}?`, 'u');

/** How long an answer is, in sentences, words and paragraphs. */
export const lengthChecks: readonly Check[] = [
  defineCheck({
    id: 'length_constraints:number_sentences',
    origin: 'ifeval',
    title: 'has a number of sentences',
    kwargs: z.strictObject({ num_sentences: count, relation }),
    describe: (kwargs) => `has ${kwargs.relation} ${kwargs.num_sentences} sentences`,
    passes: (response, kwargs) => holds(countSentences(response), kwargs.relation, kwargs.num_sentences),
  }),
  defineCheck({
    id: 'length_constraints:number_paragraphs',
    origin: 'ifeval',
    title: 'has paragraphs separated by ***',
    kwargs: z.strictObject({ num_paragraphs: count }),
    describe: (kwargs) => `has ${kwargs.num_paragraphs} paragraphs separated by ***`,
    passes: (response, kwargs) => {
      const pieces = response.split(divider);
      const blankInside = pieces.slice(1, -1).some(isBlank);
      return !blankInside && pieces.filter((piece) => !isBlank(piece)).length === kwargs.num_paragraphs;
    },
  }),
  defineCheck({
    id: 'length_constraints:number_words',
    origin: 'ifeval',
    title: 'has a number of words',
    kwargs: z.strictObject({ num_words: count, relation }),
    describe: (kwargs) => `has ${kwargs.relation} ${kwargs.num_words} words`,
    passes: (response, kwargs) => holds(countOf(response, word), kwargs.relation, kwargs.num_words),
  }),
  defineCheck({
    id: 'length_constraints:nth_paragraph_first_word',
    origin: 'ifeval',
    title: 'starts a paragraph with a word',
    kwargs: z.strictObject({ num_paragraphs: count, nth_paragraph: count, first_word: z.string().min(1) }),
    describe: (kwargs) =>
      `has ${kwargs.num_paragraphs} paragraphs, and paragraph ${kwargs.nth_paragraph} starts with "${kwargs.first_word}"`,
    passes: (response, kwargs) => {
      const pieces = response.split('\n\n');
      const filled = pieces.filter((piece) => !isBlank(piece)).length;
      if (kwargs.nth_paragraph > filled || filled !== kwargs.num_paragraphs) return false;
      // The raw piece: an empty one counts as a place, though not as a paragraph.
      const piece = strip(pieces[kwargs.nth_paragraph - 1]!);
      if (piece === '') return false;
      const first = stripStart(stripStart(splitWords(piece)[0]!, "'"), '"');
      return /^[^.,?!'"]*/.exec(first)![0].toLowerCase() === kwargs.first_word.toLowerCase();
    },
  }),
];
