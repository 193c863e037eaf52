import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { repository, settingsManifest } from '../../scripts/manifest.ts';
import { auditSettings } from '../../src/analyzer/settings.ts';
import { auditSettingKeys, editorSettingKeys, editorSettings } from '../../src/editor/settingKeys.ts';

interface Setting {
  readonly default?: unknown;
  readonly type: string;
  readonly enum?: readonly string[];
  readonly enumDescriptions?: readonly string[];
  readonly items?: Setting;
  readonly properties?: Readonly<Record<string, Setting>>;
  readonly additionalProperties?: boolean;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly markdownDescription?: string;
  readonly scope?: string;
  readonly order?: number;
  readonly tags?: readonly string[];
}
interface MenuItem {
  readonly command: string;
  readonly when?: string;
  readonly group?: string;
}
interface Manifest {
  readonly main: string;
  readonly icon: string;
  readonly activationEvents: readonly string[];
  readonly extensionKind: readonly string[];
  readonly engines: { readonly vscode: string };
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly capabilities: {
    readonly untrustedWorkspaces: {
      supported: unknown;
      description: string;
      restrictedConfigurations: readonly string[];
    };
    readonly virtualWorkspaces: { supported: unknown; description: string };
  };
  readonly contributes: {
    readonly commands: readonly {
      command: string;
      title: string;
      category: string;
      enablement?: string;
      icon?: string;
    }[];
    readonly menus: Readonly<Record<string, readonly MenuItem[]>>;
    readonly walkthroughs: readonly {
      steps: readonly {
        title: string;
        description: string;
        media: { svg: string; altText: string };
        completionEvents: readonly string[];
      }[];
    }[];
    readonly keybindings?: readonly unknown[];
    readonly configuration: readonly { id: string; title: string; properties: Readonly<Record<string, Setting>> }[];
  };
}

const read = (file: string): string => readFileSync(path.join(repository, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;
const nls = JSON.parse(read('package.nls.json')) as Readonly<Record<string, string>>;
const { commands, menus, configuration } = manifest.contributes;
const settings = Object.assign({}, ...configuration.map(({ properties }) => properties)) as Readonly<
  Record<string, Setting>
>;
const text = (key: string): string => nls[key.replaceAll('%', '')] ?? `(missing ${key})`;

test('the settings of the manifest are those of the schemas: run `npm run manifest`', () => {
  const generated = settingsManifest();
  assert.deepEqual(configuration, generated.configuration);
  const ownKeys = Object.entries(nls).filter(([key]) => key.startsWith('setting.'));
  assert.deepEqual(Object.fromEntries(ownKeys), generated.nls);
});

test('defaults in the manifest are the defaults in code', () => {
  const inCode = new Map<string, unknown>([
    ...Object.entries(auditSettingKeys).map(
      ([field, key]) => [key, auditSettings.parse({})[field as keyof typeof auditSettingKeys]] as const,
    ),
    ['exclude', editorSettings.parse({}).exclude],
  ]);
  for (const [key, value] of inCode) assert.deepEqual(settings[`holdfast.${key}`]?.default, value, key);
  assert.equal(
    Object.keys(settings).length,
    Object.keys(auditSettingKeys).length + Object.keys(editorSettingKeys).length,
  );
});

test('every setting has a default, a description, a scope and its place', () => {
  for (const [key, setting] of Object.entries(settings)) {
    assert.ok('default' in setting, `${key}: default`);
    assert.ok(text(setting.markdownDescription ?? '').length > 20, `${key}: description`);
    assert.ok(['machine', 'machine-overridable', 'resource', 'window'].includes(setting.scope ?? ''), `${key}: scope`);
    assert.ok(Number.isInteger(setting.order), `${key}: order`);
    checkShape(key, setting);
  }
});

function checkShape(key: string, setting: Setting): void {
  if (setting.enum !== undefined) assert.equal(setting.enumDescriptions?.length, setting.enum.length, `${key}: enum`);
  if (setting.type === 'number' || setting.type === 'integer')
    assert.ok(setting.minimum !== undefined || setting.exclusiveMinimum !== undefined, `${key}: bounds`);
  if (setting.type === 'object') assert.equal(setting.additionalProperties, false, `${key}: unknown keys`);
  if (setting.items !== undefined) checkShape(`${key} items`, setting.items);
  for (const [name, property] of Object.entries(setting.properties ?? {})) checkShape(`${key}.${name}`, property);
}

test('links between settings lead to settings that exist', () => {
  for (const [key, { markdownDescription }] of Object.entries(settings))
    for (const [, target] of text(markdownDescription ?? '').matchAll(/`#([^#]+)#`/g))
      assert.ok(Object.hasOwn(settings, target!), `${key} links to ${target!}`);
});

test('categories are titled by what they hold', () => {
  for (const { title } of configuration) assert.doesNotMatch(text(title), /extension|settings|configuration|missing/i);
});

test('the model and where it runs cannot be set by a workspace that is not trusted', () => {
  const { untrustedWorkspaces, virtualWorkspaces } = manifest.capabilities;
  assert.equal(untrustedWorkspaces.supported, 'limited');
  const ofModels = ['holdfast.model', 'holdfast.modelFolders', 'holdfast.hubEndpoints'];
  assert.deepEqual(
    untrustedWorkspaces.restrictedConfigurations.toSorted(),
    [...ofModels, 'holdfast.device'].toSorted(),
  );
  for (const key of ofModels) assert.equal(settings[key]!.scope, 'machine', key);
  assert.ok(settings['holdfast.model']!.tags?.includes('usesOnlineServices'));
  assert.equal(settings['holdfast.device']!.scope, 'machine-overridable');
  assert.ok(text(untrustedWorkspaces.description).length > 20 && text(virtualWorkspaces.description).length > 20);
  assert.deepEqual(manifest.extensionKind, ['workspace']);
});

test('commands have the product as category and a short title that starts with a verb', () => {
  for (const { command, category, title } of commands) {
    assert.match(command, /^holdfast\.[a-z][A-Za-z]+$/);
    assert.equal(text(category), 'Holdfast');
    assert.match(text(title), /^(Audit|Cancel|Show|Clear|Suggest|Compare|Apply|Select|Set|Copy)\b/);
    assert.ok(text(title).length <= 30 && !text(title).includes('Holdfast'));
    assert.doesNotMatch(text(title), /\p{Extended_Pictographic}/u);
  }
});

test('the palette shows a command only where it can do something', () => {
  const palette = new Map(menus.commandPalette?.map(({ command, when }) => [command, when]));
  for (const { command, enablement } of commands)
    if (enablement !== undefined) assert.equal(palette.get(command), enablement, command);
  assert.equal(palette.get('holdfast.previewReordering'), 'false', 'needs an argument');
});

test('context keys and menu commands are our own', () => {
  const known = new Set(commands.map(({ command }) => command));
  const keys = ['holdfast.canAudit', 'holdfast.isPromptFile', 'holdfast.isRunning', 'holdfast.hasResults'];
  for (const item of Object.values(menus).flat()) {
    assert.ok(known.has(item.command), item.command);
    for (const [key] of (item.when ?? '').matchAll(/holdfast\.\w+/g)) assert.ok(keys.includes(key), key);
  }
  for (const [name, items] of Object.entries(menus))
    if (name !== 'commandPalette') for (const { group } of items) assert.ok(group !== undefined, `${name} is grouped`);
});

test('at most one icon stands in an editor title, and only for prompts', () => {
  const icons = (menus['editor/title'] ?? []).filter(({ group }) => group?.startsWith('navigation'));
  const inFiles = icons.filter(({ when }) => !when?.startsWith('isInDiffEditor'));
  assert.equal(inFiles.length, 1);
  assert.match(inFiles[0]?.when ?? '', /holdfast\.isPromptFile/);
  for (const { command } of icons)
    assert.match(commands.find((each) => each.command === command)?.icon ?? '', /^\$\([a-z-]+\)$/);
});

test('there is one short walkthrough whose steps start commands and have pictures in the colours of the theme', () => {
  const [walkthrough, ...others] = manifest.contributes.walkthroughs;
  assert.ok(walkthrough !== undefined && others.length === 0 && walkthrough.steps.length <= 4);
  const known = new Set(commands.map(({ command }) => command));
  for (const { title, description, media, completionEvents } of walkthrough.steps) {
    assert.match(text(title), /^(Audit|Read|Move)\b/);
    const linked = /\(command:(holdfast\.\w+)\)/.exec(text(description))?.[1] ?? '';
    assert.ok(known.has(linked), linked);
    assert.deepEqual(completionEvents, [`onCommand:${linked}`]);
    assert.ok(text(media.altText).length > 40);
    assert.doesNotMatch(read(media.svg), /#[0-9a-f]{3,8}\b|rgb\(/i, 'colours come from the theme');
  }
});

test('no keybinding is taken from the editor and nothing activates everywhere', () => {
  assert.equal(manifest.contributes.keybindings, undefined);
  assert.ok(manifest.activationEvents.length > 0 && !manifest.activationEvents.includes('*'));
});

test('every text that users see is localised, and no key is left over', () => {
  const used = new Set([...read('package.json').matchAll(/"%([^"%]+)%"/g)].map(([, key]) => key!));
  assert.deepEqual([...used].toSorted(), Object.keys(nls).toSorted());
  for (const [key, value] of Object.entries(nls)) assert.ok(value.trim() !== '', key);
  for (const { title, category } of commands) assert.ok([title, category].every((each) => /^%.+%$/.test(each)));
});

test('the icon is a PNG of at least 128 pixels', () => {
  const icon = readFileSync(path.join(repository, manifest.icon));
  assert.equal(icon.toString('latin1', 1, 4), 'PNG');
  assert.ok(icon.readUInt32BE(16) >= 128 && icon.readUInt32BE(16) === icon.readUInt32BE(20));
});

test('the API that is typed is not newer than the editor that is asked for', () => {
  assert.equal(manifest.devDependencies['@types/vscode'], manifest.engines.vscode.replace(/^\^/, ''));
  assert.equal(manifest.main, './dist/extension.cjs');
});

test('the package holds only what is named, and each name is exact', () => {
  const lines = read('.vscodeignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  assert.equal(lines[0], '**');
  for (const line of lines.slice(1)) {
    assert.match(line, /^!/);
    assert.doesNotMatch(line, /\.(map|ts)$|^!(src|test|webview|bench|scripts|examples)\b|^!dist\/\*\*/);
  }
  for (const file of [
    'dist/extension.cjs',
    'dist/engine.cjs',
    'dist/webview/report.js',
    'dist/webview/report.css',
    manifest.icon,
  ])
    assert.ok(lines.includes(`!${file}`), file);
});
