import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HoldfastError } from '../../../src/errors.ts';
import { onigurumaPattern } from '../../../src/runtime/tokenizer/onigurumaPattern.ts';

const found = (pattern: string, text: string) => text.match(onigurumaPattern(pattern)) ?? [];

// Expected matches are those of Oniguruma, through the tokenizers library.
const cases: readonly (readonly [pattern: string, text: string, matches: readonly string[]])[] = [
  [String.raw`(?i:'s|'ll)|\p{L}+`, "it's IT'LL o'ſ", ['it', "'s", 'IT', "'LL", 'o', "'ſ"]],
  [String.raw`'(?i:[sdmt]|re)`, "'S 'Re 'x", ["'S", "'Re"]],
  [String.raw`(?i:k(?-i:s))`, 'ks Ks \u212as kS', ['ks', 'Ks', '\u212as']],
  [String.raw`[^\r\n\p{L}\p{N}]?+\p{L}+`, 'ab (cd', ['ab', '(cd']],
  ['a?+a', 'aa a', ['aa']],
  ['a++b', 'aaab aaac', ['aaab']],
  ['a++ab', 'aaab', []],
  ['(?>a+)ab', 'aaab', []],
  ['a{2}+b', 'aaaab aaab', ['aaaab', 'aab']],
  ['a{,2}b', 'aaab b', ['aab', 'b']],
  ['a{1,2}?', 'aa', ['a', 'a']],
  [String.raw`\s+`, 'a\u0085b\ufeffc', ['\u0085']],
  ['^.', 'ab\ncd\u2028e', ['a', 'c']],
  ['.$', 'ab\ncd', ['b', 'd']],
  ['.+', 'a\u2028b\nc', ['a\u2028b', 'c']],
  [String.raw`\d+`, '1²٣', ['1', '٣']],
  [String.raw`\p{Han}+|\p{^L}`, '漢字-a', ['漢字', '-']],
  [String.raw`[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_\`{|}~]+`, 'a[\\]-^`b', ['[\\]-^`']],
  [String.raw`[a\-c]|\x{1F600}|\u00e9|\x41`, 'b-😀éA', ['-', '😀', 'é', 'A']],
  ['(a|b)+{', 'abba{', ['abba{']],
  [String.raw`\ \!\'`, " !'", [" !'"]],
  [String.raw`x(?=y)|(?<!x)y`, 'xy y', ['x', 'y']],
];
for (const [pattern, text, matches] of cases) {
  test(`${pattern} matches what Oniguruma matches`, () => assert.deepEqual(found(pattern, text), matches));
}

const refused = [
  String.raw`\w+`,
  String.raw`\bword`,
  String.raw`\X`,
  String.raw`(a)\1`,
  '(?<name>a)',
  '(?i)a',
  '(?i:[a-z])',
  '(?i:é)',
  '(?i:ss)',
  '[a[bc]]',
  '[[:alpha:]]',
  '[a&&b]',
  String.raw`\p{Nonsense}`,
  '(a',
  'a)',
  '[a',
  '[]',
  '*a',
  'a{2}?',
  '\\',
];
for (const pattern of refused) {
  test(`${pattern} is refused by its text`, () => {
    assert.throws(
      () => onigurumaPattern(pattern),
      (error) =>
        error instanceof HoldfastError &&
        error.code === 'unsupported-model' &&
        error.message.includes(JSON.stringify(pattern)) &&
        error.hint !== undefined,
    );
  });
}
