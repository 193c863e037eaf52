/** What both host runners share: building the suite, the model, the workspace that is opened, the printed result. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** A slow line may take this long for the 98 MB of the default model. */
const downloadLimitMs = 30 * 60_000;

/** Bundles the extension and the suite; returns the path of the suite. */
export async function buildSuite() {
  const bundled = spawnSync(process.execPath, ['esbuild.mjs'], { cwd: repository, stdio: ['ignore', 2, 2] });
  if (bundled.status !== 0) throw new Error('The extension does not build.');
  const outfile = path.join(repository, 'out/host/suite.cjs');
  const tests = readdirSync(path.join(repository, 'test/host')).filter((name) => name.endsWith('.test.ts'));
  await build({
    stdin: {
      contents: [...tests.sort().map((name) => `import './${name}';`), "export { run } from './harness.ts';"].join(
        '\n',
      ),
      resolveDir: path.join(repository, 'test/host'),
      loader: 'ts',
    },
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    sourcemap: 'inline',
    external: ['vscode'],
    logLevel: 'warning',
  });
  return outfile;
}

/** The model that the tests run on: HOLDFAST_MODEL, else the default model, downloaded when it is not on this machine. */
export async function findModel() {
  const named = process.env.HOLDFAST_MODEL;
  if (named) {
    if (!existsSync(named)) throw new Error(`HOLDFAST_MODEL names ${named}, which does not exist.`);
    return path.resolve(named);
  }
  const { register } = await import('tsx/esm/api');
  const unregister = register();
  const { pullModel } = await import('../../src/runtime/models/index.ts');
  const { path: file } = await pullModel(undefined, AbortSignal.timeout(downloadLimitMs));
  await unregister();
  return file;
}

/** Copies the examples to a scratch folder, so that a test that edits and saves changes nothing here. */
export function prepareWorkspace(scratch, model) {
  const workspace = path.join(scratch, 'workspace');
  mkdirSync(workspace, { recursive: true });
  cpSync(path.join(repository, 'examples/acme-bank'), path.join(workspace, 'acme-bank'), { recursive: true });
  cpSync(path.join(repository, 'test/workspaces'), workspace, { recursive: true });
  const settings = {
    'holdfast.model': model,
    'workbench.colorTheme': 'Default Light Modern',
    'workbench.startupEditor': 'none',
    'workbench.tips.enabled': false,
    'workbench.secondarySideBar.defaultVisibility': 'hidden',
    'chat.commandCenter.enabled': false,
    'chat.disableAIFeatures': true,
    'editor.fontSize': 13,
    'editor.wordWrap': 'on',
    'editor.minimap.enabled': false,
    'editor.accessibilitySupport': 'off',
    'telemetry.telemetryLevel': 'off',
    'files.autoSave': 'off',
    'git.enabled': false,
  };
  return { workspace, settings };
}

/** What the suite has written so far; `undefined` before the first test ended. */
export function readResults(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** Prints one line per test and the summary; false when anything failed or nothing ran. */
export function printResults(file) {
  const { tests, isComplete } = readResults(file) ?? { tests: [], isComplete: false };
  process.stdout.write(`1..${tests.length}\n`);
  for (const [index, { name, ms, failure }] of tests.entries()) {
    process.stdout.write(`${failure === null ? 'ok' : 'not ok'} ${index + 1} - ${name} # ${ms} ms\n`);
    if (failure !== null) process.stdout.write(`  ---\n${failure.replaceAll(/^/gm, '  ')}\n  ...\n`);
  }
  if (!isComplete) process.stdout.write('Bail out! The suite did not come to its end.\n');
  const failed = tests.filter(({ failure }) => failure !== null).length;
  process.stdout.write(`${tests.length - failed} passed, ${failed} failed\n`);
  return failed === 0 && tests.length > 0 && isComplete;
}
