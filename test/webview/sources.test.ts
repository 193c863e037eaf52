import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { englishStrings } from '../../webview/strings.ts';

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../webview');
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(ts|css)$/.test(name))
  .map((name) => ({ name, content: readFileSync(path.join(folder, name), 'utf8') }));
const scripts = sources.filter(({ name }) => name.endsWith('.ts'));

const filesWith = (pattern: RegExp, files = sources): string[] =>
  files.filter(({ content }) => pattern.test(content)).map(({ name }) => name);

test('the style sheet takes every colour and font from the theme', () => {
  const styles = sources.filter(({ name }) => name.endsWith('.css'));
  assert.equal(styles.length, 1);
  const withoutComments = styles[0]!.content.replaceAll(/\/\*.*?\*\//gs, '');
  for (const [declaration, property, value] of withoutComments.matchAll(/([\w-]+):\s*([^;{}]+);/g)) {
    assert.doesNotMatch(value!, /#[0-9a-f]{3,8}\b|\b(rgb|rgba|hsl|hsla|hwb|lab|lch|oklab|oklch)\(/i, declaration);
    if (/^(color|stroke|font-family)$/.test(property!))
      assert.match(value!, /^(var\(--[\w-]+(, var\(.*\))?\)|inherit|currentcolor)$/, declaration);
    if (property!.startsWith('background')) assert.match(value!, /var\(--|^none$|color-mix|transparent/, declaration);
  }
});

test('no script of the webview can turn data into markup or code', () => {
  assert.deepEqual(
    filesWith(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setHTML/, scripts),
    [],
  );
});

test('one file alone imports the toolkit and names its elements', () => {
  assert.deepEqual(filesWith(/@vscode\/webview-ui-toolkit|createElement\('vscode-/, scripts), ['toolkit.ts']);
});

test('every text of the report is used, and its placeholders are numbered from zero', () => {
  // Names of elements and classes are not uses.
  const code = scripts
    .filter(({ name }) => name !== 'strings.ts')
    .map(({ content }) => content.replaceAll(/(class: |uniqueId\(|element\(\s*)'[\w-]+'/g, ''));
  const families =
    /(Short|Meaning|Kind)$|^(held|weakened|evicted|ignored|inert|not-measured|completed|cancelled|failed)$/;
  for (const [key, value] of Object.entries(englishStrings)) {
    if (!families.test(key))
      assert.ok(
        code.some((content) => content.includes(`'${key}'`)),
        `unused text ${key}`,
      );
    const numbers = [...value.matchAll(/\{(\d+)\}/g)].map(([, number]) => Number(number));
    assert.deepEqual(new Set(numbers), new Set(numbers.keys()), key);
  }
});
