// `npm run test:webview`: builds the report and checks it in a real browser (CHROMIUM, else an installed one, else Debian's
// package). Screenshots in every theme are left in .holdfast/screenshots/.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { ensurePackages, root, runScript, runVisibly, SetupError } from './bootstrap.mjs';
import { ensureChromium } from './debian.mjs';

const FOLDER = 'test/webview';

await runScript(async () => {
  await ensurePackages();
  const env = { CHROMIUM: browser() };
  const built = await runVisibly(process.execPath, ['esbuild.mjs', '--only=webview']);
  if (built !== 0) return built;
  const tests = readdirSync(path.join(root, FOLDER)).filter((name) => /\.(test|browser)\.ts$/.test(name));
  const flags = ['--import', 'tsx', '--test', '--test-reporter=spec', ...process.argv.slice(2)];
  return runVisibly(process.execPath, [...flags, ...tests.map((name) => `${FOLDER}/${name}`)], { env });
});

function browser() {
  try {
    return ensureChromium((text) => process.stderr.write(`[holdfast] ${text}\n`));
  } catch (error) {
    throw new SetupError(error.message, 'Or name a Chromium or Chrome with CHROMIUM=PATH.');
  }
}
