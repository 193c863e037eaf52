// `npm run test:webview`: builds the report and checks it in a real browser (CHROMIUM, else /usr/bin/chromium).
// Screenshots in every theme are left in .holdfast/screenshots/.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

const browser = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(browser)) {
  console.error(
    `No browser at ${browser}. Install Chromium (Debian: apt-get install chromium) or name one with CHROMIUM=PATH.`,
  );
  process.exit(1);
}

const run = (...parameters) => {
  const { status } = spawnSync(process.execPath, parameters, { stdio: 'inherit', cwd: root });
  if (status !== 0) process.exit(status ?? 1);
};
run('esbuild.mjs', '--only=webview');
const folder = 'test/webview';
const tests = readdirSync(path.join(root, folder)).filter((name) => /\.(test|browser)\.ts$/.test(name));
run(
  ...['--import', 'tsx', '--test', '--test-reporter=spec', ...process.argv.slice(2)],
  ...tests.map((name) => `${folder}/${name}`),
);
