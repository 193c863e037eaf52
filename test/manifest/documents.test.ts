import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { repository } from '../../scripts/manifest.ts';
import { policyIds } from '../../src/cache/policies/index.ts';
import { ruleIds } from '../../src/analyzer/report.ts';
import { auditSettingKeys, editorSettingKeys, section } from '../../src/editor/settingKeys.ts';

const read = (file: string): string => readFileSync(path.join(repository, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly license: string;
  readonly version: string;
};
const inFolder = (folder: string): string[] =>
  readdirSync(path.join(repository, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(folder, name));
const documents = [...inFolder('.'), ...inFolder('docs')];

/** Anchors of a document's headings, as code hosts make them. */
function anchors(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

test('README lists every policy, rule and setting', () => {
  const readme = read('README.md');
  const settings = [...Object.values(auditSettingKeys), ...Object.values(editorSettingKeys)];
  for (const name of [...policyIds, ...ruleIds, ...settings.map((key) => `${section}.${key}`)])
    assert.ok(readme.includes(`\`${name}\``), name);
});

test('every dependency has a reason', () => {
  const reasons = read('docs/dependencies.md');
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }))
    assert.match(reasons, new RegExp(`^\\|[^|]*\`${name}\``, 'm'), name);
});

test('links between documents lead to files and headings that exist', () => {
  let links = 0;
  for (const file of documents) {
    for (const [, target] of read(file).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [name = '', anchor] = target!.split('#');
      const linked = name === '' ? file : path.join(path.dirname(file), name);
      assert.ok(existsSync(path.join(repository, linked)), `${file} links to ${target!}`);
      if (anchor !== undefined) assert.ok(anchors(read(linked)).has(anchor), `${file} links to ${target!}`);
      links++;
    }
  }
  assert.ok(links > 10, 'the pattern finds links');
});

test('the licence of the manifest is the one that is here, and the changelog knows the version', () => {
  assert.equal(manifest.license, 'Apache-2.0');
  assert.match(read('LICENSE'), /Apache License\s+Version 2\.0, January 2004/);
  assert.ok(read('CHANGELOG.md').includes(manifest.version));
});
