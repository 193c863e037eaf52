import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { couldBe, isKnownLanguage, languageOf } from '../../../src/analyzer/checks/text/languageOf.ts';

const rows = JSON.parse(readFileSync(new URL('referenceTable.json', import.meta.url), 'utf8')) as {
  check: string;
  kwargs: { language?: string };
  response: string;
  strict: boolean;
}[];

test('tells the 30 languages of IFEval by one sentence', () => {
  const sentences = rows.filter(
    ({ check, strict, response }) => check.startsWith('language:') && strict && /\p{L}/u.test(response),
  );
  assert.equal(new Set(sentences.map(({ kwargs }) => kwargs.language)).size, 30);
  for (const { kwargs, response } of sentences) assert.equal(languageOf(response), kwargs.language, response);
});

test('tells other languages, and the two ways to write Chinese', () => {
  assert.equal(languageOf('Het weer was goed en wij gingen met onze vrienden naar het park.'), 'nl');
  assert.equal(languageOf('Vädret var bra och vi gick till parken med våra vänner.'), 'sv');
  assert.equal(languageOf('Hava çok güzeldi ve arkadaşlarımızla parka gittik.'), 'tr');
  assert.equal(languageOf('Počasí bylo dobré a šli jsme do parku s našimi přáteli.'), 'cs');
  assert.equal(languageOf('Ο καιρός ήταν καλός και πήγαμε στο πάρκο.'), 'el');
  assert.equal(languageOf('这个问题我们会在今天回答。'), 'zh-cn');
  assert.equal(languageOf('這個問題我們會在今天回答。'), 'zh-tw');
  assert.ok(couldBe('这个问题我们会在今天回答。', 'zh'));
});

test('code and addresses do not decide', () => {
  assert.equal(
    languageOf('Das ist der Befehl:\n```\nfor the of and in is it you\n```\nEr wird nicht mehr gebraucht.'),
    'de',
  );
});

test('does not tell what cannot be told, and then excludes no language of the script', () => {
  for (const text of ['', '12:30', '???', 'Xyz Qrs']) assert.equal(languageOf(text), undefined, text);
  assert.ok(couldBe('12:30', 'ja'));
  assert.ok(couldBe('Xyz Qrs', 'fi'));
  assert.ok(!couldBe('Xyz Qrs', 'ru'));
});

test('knows the codes that it tells', () => {
  assert.ok(isKnownLanguage('zh') && isKnownLanguage('sw'));
  assert.ok(!isKnownLanguage('qu') && !isKnownLanguage('toString'));
});
