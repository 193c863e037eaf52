// Builds the report webview and checks it in a real browser (CHROMIUM, else /usr/bin/chromium).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const browser = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(browser)) {
  console.error(
    `No browser at ${browser}. Install Chromium (Debian: apt-get install chromium) or name one with CHROMIUM=PATH.`,
  );
  process.exit(1);
}

const run = (...parameters) => {
  const { status } = spawnSync(process.execPath, parameters, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};
run('esbuild.mjs', '--only=webview');
run('--import', 'tsx', '--test', ...process.argv.slice(2), 'test/webview/report.browser.ts');
