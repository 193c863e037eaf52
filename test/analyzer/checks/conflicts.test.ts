import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { conflictsOf } from '../../../src/analyzer/checks/conflicts.ts';
import { instructionChecks } from '../../../src/analyzer/checks/instructionChecks.ts';
import { promptConflicts } from '../../../src/analyzer/promptConflicts.ts';
import { segment } from '../../../src/analyzer/segmentation/index.ts';
import { needsPublicData, publicData } from '../../support/publicData.ts';

/** Conflicts of a list of rules, as `first/second` with their numbers, and `?` where a response could obey both. */
function conflicts(...rules: string[]): string[] {
  const text = rules.map((rule) => `- ${rule}`).join('\n');
  const { instructions } = segment(text);
  assert.equal(instructions.length, rules.length, 'every rule has to be one instruction');
  return conflictsOf(text, instructionChecks(text, { instructions })).map(
    ({ instructions: [first, second], isCertain }) => `${first + 1}/${second + 1}${isCertain ? '' : '?'}`,
  );
}

test('what excludes each other conflicts', () => {
  assert.deepEqual(conflicts('Always answer in Italian.', 'Be kind.', 'Answer only in German.'), ['1/3']);
  assert.deepEqual(conflicts('Answer in all lowercase letters.', 'Write your answers in all capital letters.'), [
    '1/2',
  ]);
  assert.deepEqual(conflicts('Answer with at least 300 words.', 'Use fewer than 100 words.'), ['1/2']);
  assert.deepEqual(conflicts('Answer in exactly two sentences.', 'Reply with more than 4 sentences.'), ['1/2']);
  assert.deepEqual(conflicts('Use exactly 3 bullet points.', 'Use at least 5 bullet points.'), ['1/2']);
  assert.deepEqual(conflicts('Use the word "sale" at least twice.', 'Never use the words "sale" or "cheap".'), ['1/2']);
  assert.deepEqual(conflicts('End every reply with "Bye!"', 'End your replies with "See you soon."'), ['1/2']);
  assert.deepEqual(conflicts('Answer only yes or no.', 'Answer with at least 20 words.'), ['1/2']);
  assert.deepEqual(conflicts('Answer in all lowercase letters.', 'Use at least 3 words in all capital letters.'), [
    '1/2',
  ]);
});

test('what a response could obey, and rarely does, may conflict', () => {
  assert.deepEqual(conflicts('Respond only with JSON.', 'Add a postscript to your reply.'), ['1/2?']);
  assert.deepEqual(conflicts('Do not use Markdown.', 'Use at least 3 bullet points.'), ['1/2?']);
  assert.deepEqual(conflicts('First repeat the request word for word.', 'Answer in all lowercase letters.'), ['1/2?']);
});

test('what holds together does not conflict', () => {
  assert.deepEqual(conflicts('Answer with at least 50 words.', 'Use fewer than 100 words.'), []);
  assert.deepEqual(conflicts('Answer with at most 5 sentences.', 'Use at most 3 sentences.'), []);
  assert.deepEqual(conflicts('Always answer in Italian.', 'Answer in Italian, please.'), []);
  assert.deepEqual(conflicts('End every reply with "Bye!"', 'End your replies with "And now: Bye!"'), []);
  assert.deepEqual(conflicts('Use the word "sale" at least twice.', 'Use the word "offer" less than twice.'), []);
  assert.deepEqual(conflicts('Never use the word "cat".', 'Use the word "catalogue" at least once.'), []);
});

test('rules for different cases, and for different parts, do not conflict', () => {
  assert.deepEqual(
    conflicts('If the guest writes in Italian, answer in Italian.', 'If the guest writes in German, answer in German.'),
    [],
  );
  assert.deepEqual(
    conflicts('Answer in at most 3 sentences.', 'If the user asks for details, answer in at least 6 sentences.'),
    [],
  );
  assert.deepEqual(conflicts('Write a summary of at most 2 sentences.', 'Answer with at least 6 sentences.'), []);
});

test('a pair is reported once, by what is certain about it', () => {
  assert.deepEqual(
    conflicts('Answer in Italian with at least 90 words.', 'Answer only in German, with fewer than 50 words.'),
    ['1/2'],
  );
});

test('a report names the instructions by their ids and what they ask for', () => {
  const text = 'Answer in Italian.\n\nAnswer in German.';
  const segmentation = segment(text);
  assert.deepEqual(promptConflicts(text, segmentation), [
    {
      instructions: segmentation.instructions.map(({ id }) => id),
      asks: ['is written in Italian', 'is written in German'],
      certain: true,
    },
  ]);
});

const folder = publicData('prompts');

test('no public instruction file contradicts itself', needsPublicData('prompts'), () => {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.mdc?$/.test(name));
  assert.ok(names.length >= 50);
  for (const name of names) {
    const text = readFileSync(path.join(folder, name), 'utf8');
    assert.deepEqual(conflictsOf(text, instructionChecks(text, segment(text))), [], name);
  }
});
