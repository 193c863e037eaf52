import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { reportHtml } from '../../src/editor/reportHtml.ts';
import type { HostMessage, WebviewMessage } from '../../webview/protocol.ts';
import { themes, type Theme } from './themes.ts';

/** The bundled report in a real browser, with what VS Code gives a webview: its API, theme variables and a strict CSP. */

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const origin = 'http://report.invalid';
/** Milliseconds; far more than a step takes, because a busy machine must not look like a broken report. */
const patience = 120_000;
const nonce = 'MDEyMzQ1Njc4OWFiY2RlZg';

export const screenshots = path.join(repository, '.holdfast/screenshots');

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--force-color-profile=srgb'],
  });

/** The part of the webview API that the report uses; messages and state outlive a reload, as they do in VS Code. */
const stub = `
  globalThis.posted = [];
  globalThis.acquireVsCodeApi = () => ({
    postMessage: (message) => posted.push(structuredClone(message)),
    getState: () => JSON.parse(sessionStorage.getItem('state') ?? 'null') ?? undefined,
    setState: (state) => sessionStorage.setItem('state', JSON.stringify(state)),
  });`;

/** The page that the extension serves, with what VS Code does to it before its script runs. */
function html({ kind, variables }: Theme): string {
  const kinds = kind === 'vscode-high-contrast-light' ? ['vscode-high-contrast', kind] : [kind];
  const setup = `<script nonce="${nonce}">
  for (const [name, value] of Object.entries(${JSON.stringify(variables)})) document.documentElement.style.setProperty(name, value);
  document.body.classList.add(...${JSON.stringify(kinds)});
  ${stub}
</script>`;
  const page = reportHtml({
    scriptUri: `${origin}/report.js`,
    styleUri: `${origin}/report.css`,
    cspSource: origin,
    nonce,
    language: 'en',
    title: 'Report',
  });
  return page.replace('<body>', () => `<body>${setup}`);
}

export class ReportPage {
  private constructor(
    readonly page: Page,
    /** Uncaught errors and violations of the content security policy. */
    readonly errors: readonly string[],
    readonly warnings: readonly string[],
  ) {}

  static async open(browser: Browser, { theme = 'dark', width = 1200, height = 900 } = {}): Promise<ReportPage> {
    const chosen = themes.find(({ name }) => name === theme);
    if (chosen === undefined) throw new Error(`no theme ${theme}`);
    const page = await browser.newPage({ viewport: { width, height } });
    page.setDefaultTimeout(patience);
    const errors: string[] = [];
    const warnings: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
      if (message.type() === 'warning') warnings.push(message.text());
    });
    await page.route(`${origin}/**`, async (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: html(chosen) });
      if (pathname === '/favicon.ico') return route.fulfill({ status: 204 });
      const body = await readFile(path.join(repository, 'dist/webview', path.basename(pathname)), 'utf8');
      return route.fulfill({ contentType: pathname.endsWith('.css') ? 'text/css' : 'text/javascript', body });
    });
    await page.goto(`${origin}/`);
    return new ReportPage(page, errors, warnings);
  }

  /** Posts a message as the extension host would; `unknown` because a test may post what the protocol does not have. */
  async post(message: HostMessage | { readonly type: string }): Promise<void> {
    // Strings, because test code is compiled without the types of a browser.
    await this.page.evaluate(`window.dispatchEvent(new MessageEvent('message', { data: ${JSON.stringify(message)} }))`);
  }

  /** What the webview has posted since it was loaded. */
  posted(): Promise<WebviewMessage[]> {
    return this.page.evaluate<WebviewMessage[]>('posted');
  }

  /** `data-key` of the focused element. */
  focused(): Promise<string | undefined> {
    return this.page.evaluate<string | undefined>('document.activeElement?.dataset.key');
  }

  async screenshot(name: string): Promise<void> {
    await this.page.screenshot({ path: path.join(screenshots, `${name}.png`), fullPage: true });
  }
}
