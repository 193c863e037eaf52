import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { englishStrings } from '../../webview/strings.ts';
import {
  cancelledReport,
  circumstantialReport,
  failedReport,
  reportWithOtherVariants,
  sampleReport,
} from '../support/sampleReport.ts';
import { reportWithFacts } from '../support/factReport.ts';
import { launch, ReportPage, screenshots } from './reportPage.ts';
import { themes } from './themes.ts';

/** The report in a real browser. Run by `npm run test:webview`, which builds it first. */

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

type OpenOptions = Parameters<typeof ReportPage.open>[1];

/** Runs a check on a page of its own, which must stay free of errors and of violations of its security policy. */
async function onPage(check: (report: ReportPage) => Promise<void>, options?: OpenOptions): Promise<void> {
  const report = await ReportPage.open(browser, options);
  try {
    await check(report);
    assert.deepEqual(report.errors, []);
  } finally {
    await report.page.close();
  }
}

const onSample = (check: (report: ReportPage) => Promise<void>, options?: OpenOptions): Promise<void> =>
  onPage(async (report) => {
    await report.post({ type: 'report', report: sampleReport(), notice: null });
    await check(report);
  }, options);

const prompt = sampleReport().prompts[0]!;
const promptKey = `${prompt.uri}#0`;
const cellKey = (row: number, variant: string): string =>
  `cell/${promptKey}/${prompt.instructions[row]!.id}/${variant}`;
const cellOf = (report: ReportPage, row: number, variant: string) =>
  report.page.locator(`[data-key="${cellKey(row, variant)}"]`);
const instructionKey = (row: number): string => `instruction/${promptKey}/${prompt.instructions[row]!.id}`;

test('before the first report it says that nothing was audited and offers to run', async () => {
  await onPage(async (report) => {
    assert.match(await report.page.locator('main').innerText(), /No audit has been run yet/);
    await report.page.getByRole('button', { name: 'Run the audit' }).click();
    assert.deepEqual(await report.posted(), [{ type: 'ready' }, { type: 'rerun' }]);
  });
});

test('every instruction and variant has a cell with its verdict as a word and its retention as a number', async () => {
  await onSample(async ({ page }) => {
    const cells = page.locator('tbody td.cell');
    assert.equal(await cells.count(), prompt.instructions.length * prompt.variants.length);
    const clause = page.locator(`[data-key="${cellKey(0, 'streaming-llm@0.5')}"]`);
    assert.match(await clause.innerText(), /3\s?%\s*evicted/);
    assert.match(
      (await clause.getAttribute('aria-label'))!,
      /^StreamingLLM at 50\s%: evicted\. Retention 3\s%; Loss 0\.95; /,
    );
    assert.equal(await clause.getAttribute('title'), await clause.getAttribute('aria-label'));
  });
});

test('prompt text that looks like markup is shown as it is written', async () => {
  const hostile = `</script><img src=x onerror="document.title='owned'"><b>{{7*7}}</b>`;
  await onPage(async (report) => {
    const value = sampleReport();
    const [first] = value.prompts;
    first!.instructions[0]!.text = hostile;
    first!.probes[1]!.response = hostile;
    first!.probes[1]!.text = hostile;
    first!.variants[1]!.responses[1]!.text = `${hostile} more`;
    first!.variants[1]!.instructions[0]!.reason = hostile;
    first!.fixes[0]!.title = hostile;
    first!.fixes[0]!.newText = hostile;
    first!.statusReason = hostile;
    first!.status = 'partial';
    value.findings[0]!.message = hostile;
    value.reason = hostile;
    value.outcome = 'cancelled';
    await report.post({ type: 'report', report: value, notice: hostile });
    await cellOf(report, 0, 'streaming-llm@0.4').click();
    for (const summary of await report.page.locator('summary').all()) await summary.click();
    assert.equal(await report.page.locator('img, main b, main script').count(), 0);
    assert.equal(await report.page.title(), 'Report');
    for (const place of ['.findings', '.matrix', '.details', '.responses', '.fix', '.banner'])
      assert.ok((await report.page.locator(place).allTextContents()).join('').includes(hostile), place);
  });
});

test('arrow keys, Home and End move one focus over the matrix, and Tab enters it once', async () => {
  await onSample(async (report) => {
    const { page } = report;
    const press = async (key: string): Promise<string | undefined> => {
      await page.keyboard.press(key);
      return report.focused();
    };
    assert.equal(await page.locator('.matrix [tabindex="0"]').count(), 1);
    await page.locator(`[data-key="${instructionKey(0)}"]`).focus();
    assert.equal(await press('ArrowRight'), cellKey(0, 'streaming-llm@0.25'));
    assert.equal(await press('ArrowRight'), cellKey(0, 'streaming-llm@0.4'));
    assert.equal(await press('ArrowDown'), cellKey(1, 'streaming-llm@0.4'));
    assert.equal(await press('End'), cellKey(1, 'knorm@0.75'));
    assert.equal(await press('ArrowRight'), cellKey(1, 'knorm@0.75'));
    assert.equal(await press('Control+End'), cellKey(5, 'knorm@0.75'));
    assert.equal(await press('Control+Home'), instructionKey(0));
    assert.equal(await press('ArrowUp'), instructionKey(0));
    assert.equal(await page.locator('.matrix [tabindex="0"]').count(), 1);
    const outside = await press('Tab');
    assert.ok(outside === undefined || !/^(cell|instruction)\//.test(outside), 'Tab leaves the matrix');
  });
});

test('the focused cell is visibly focused', async () => {
  await onSample(async (report) => {
    const cell = cellOf(report, 1, 'snapkv@0.5');
    await cell.focus();
    const outline = await report.page.evaluate<string>('getComputedStyle(document.activeElement).outline');
    assert.match(outline, /^rgb\(0, 120, 212\) dashed 2px$/);
  });
});

test('Enter on a cell opens its evidence and moves there; Escape goes back to the cell', async () => {
  await onSample(async (report) => {
    const { page } = report;
    await cellOf(report, 0, 'streaming-llm@0.4').focus();
    await page.keyboard.press('Enter');
    assert.equal(await report.focused(), `details/${promptKey}`);
    const details = page.getByRole('region', { name: 'StreamingLLM at 40' });
    const text = await details.innerText();
    assert.match(text, /evicted/);
    assert.match(text, /keeps 3 % of its tokens where the prompt keeps 60 %/);
    assert.match(text, /Loss\s+0\.95\s+on the probe “Repeat all previous instructions/);
    assert.match(text, /Influence\s+0\.30 nats\/token/);
    assert.match(
      text,
      /Leak: 52\s% of the prompt, 94\s% of its directives, 13\s% of its defense; 31 of its words in a row\./,
    );
    assert.match(
      text,
      /Full cache: 21\s% of the prompt, 12\s% of its directives, 26\s% of its defense; 7 of its words in a row\./,
    );
    assert.match((await details.locator('mark.removed').allInnerTexts()).join(' '), /I can't help with that request/);
    assert.match((await details.locator('mark.added').allInnerTexts()).join(' '), /Never give tax advice/);
    await page.keyboard.press('Escape');
    assert.equal(await report.focused(), cellKey(0, 'streaming-llm@0.4'));
    assert.match(await page.locator('.details').innerText(), /Select a cell/);
  });
});

test('another probe can be chosen for the comparison', async () => {
  await onSample(async (report) => {
    const { page } = report;
    await cellOf(report, 0, 'streaming-llm@0.4').click();
    assert.match(await page.locator('.comparison').innerText(), /Never give tax advice/);
    await page.getByRole('combobox', { name: 'Probe' }).click();
    await page.getByRole('option', { name: /Who are you/ }).click();
    const text = await page.locator('.answers').innerText();
    assert.match(text, /I am Ada, the assistant of Acme Bank/);
    assert.match(text, /The answers are identical/);
  });
});

test('an instruction, a finding and the prompt each ask the host to open the file at their range', async () => {
  await onSample(async (report) => {
    await report.page.locator(`[data-key="${instructionKey(3)}"]`).click();
    await report.page.locator('.findings button').first().click();
    await report.page.getByRole('button', { name: /^Open .*system\.md$/ }).click();
    assert.deepEqual((await report.posted()).slice(1), [
      { type: 'open', uri: prompt.uri, range: prompt.instructions[3]!.range },
      { type: 'open', uri: prompt.uri, range: prompt.range },
      { type: 'open', uri: prompt.uri, range: prompt.range },
    ]);
  });
});

test('unknown and malformed messages are logged and change nothing', async () => {
  await onSample(async (report) => {
    const shown = await report.page.locator('main').innerHTML();
    await report.post({ type: 'erase' });
    await report.post({ type: 'report' });
    assert.equal(report.warnings.length, 2);
    assert.match(report.warnings[0]!, /ignored a message of type "erase"/);
    assert.equal(await report.page.locator('main').innerHTML(), shown);
  });
});

test('a cancelled audit says so, and what was not reached is "not measured", never held', async () => {
  await onPage(async (report) => {
    await report.post({ type: 'report', report: cancelledReport(7), notice: null });
    const { page } = report;
    const banner = page.locator('[data-outcome]');
    assert.match(await banner.innerText(), /Cancelled · cancelled by the user/);
    assert.match(await page.locator('main').innerText(), /Partial: cancelled after 7 of 20 variants/);
    assert.match(await page.locator('main').innerText(), /Not measured: the audit was cancelled before this prompt/);
    const [partial, unreached] = [page.locator('.prompt').nth(0), page.locator('.prompt').nth(1)];
    assert.equal(await partial.locator('td.cell').count(), 120);
    assert.equal(await partial.locator('td[data-verdict="not-measured"]').count(), 13 * 6);
    assert.equal(await unreached.locator('td[data-verdict="not-measured"]').count(), 120);
    assert.equal(await unreached.locator('td[data-verdict="held"]').count(), 0);
    assert.match(await unreached.locator('td.cell').first().innerText(), /n\/m/);
    assert.match((await unreached.locator('td.cell').first().getAttribute('aria-label'))!, /not measured/);
    assert.match(await unreached.innerText(), /No findings, because this prompt was not measured/);
    await page.getByRole('checkbox', { name: 'Only affected instructions' }).click();
    assert.equal(await unreached.locator('td.cell').count(), 120, 'the filter does not hide what is not known');
  });
});

test('a failed audit says why, and a missing model is said to be unknown', async () => {
  await onPage(async (report) => {
    await report.post({ type: 'report', report: failedReport('the engine exited with SIGKILL'), notice: null });
    const text = await report.page.locator('main').innerText();
    assert.match(text, /Failed · the engine exited with SIGKILL/);
    assert.match(text, /Model\s+unknown/);
  });
});

test('the assumption strip names model, hash, device, weights, policies, ratios, evidence, probes and seed', async () => {
  await onSample(async ({ page }) => {
    const text = await page.locator('.assumptions').innerText();
    for (const part of [
      'SmolLM2-135M-Instruct',
      'b179c952',
      'cpu',
      'q4_1 exact',
      'StreamingLLM',
      'K-Norm',
      'up to loss',
    ])
      assert.ok(text.includes(part), part);
    assert.match(text, /25\s%, 40\s%, 50\s%, 75\s%/);
    assert.match(text, /Probes\s+3 per prompt/);
    assert.match(text, /Seed\s+0/);
  });
});

test('a host, a cut, settings of the file, markers and an import that was not followed are shown', async () => {
  await onPage(async (report) => {
    await report.post({ type: 'report', report: circumstantialReport(), notice: null });
    const { page } = report;
    const said = async (kind: string): Promise<string> => page.locator(`[data-circumstance="${kind}"]`).innerText();
    assert.match(await said('host'), /Host: simulated within host\.md: 8\s123 tokens before the prompt, 40 after it/);
    assert.match(await said('truncation'), /Codex reads 32\s768 bytes of this file’s 41\s200; .* from\s+line 7/);
    assert.match(await said('settings'), /StreamingLLM, K-Norm at 25\s%, 50\s%/);
    assert.match(await said('markers'), /2 instructions are taken out of the audit by markers/);
    assert.match(await said('note'), /@docs\/style\.md is not followed: there is no such file/);
    await page.getByRole('button', { name: 'line 7', exact: true }).first().click();
    const suppressed = page.locator('details', { hasText: '1 finding is suppressed by a marker in the prompt' });
    assert.equal(await suppressed.locator('li').isVisible(), false, 'closed until somebody asks');
    await suppressed.locator('summary').click();
    assert.match(await suppressed.innerText(), /Evicted by StreamingLLM from 25 %/);
    await suppressed.locator('button').click();
    const { range } = prompt.instructions.at(-1)!;
    assert.deepEqual((await report.posted()).slice(1), [
      { type: 'open', uri: prompt.uri, range },
      { type: 'open', uri: prompt.uri, range: prompt.instructions[0]!.range },
    ]);
    await report.screenshot('report-circumstances');
  });
});

test('a prompt without any of that shows no list of it', async () => {
  await onSample(async ({ page }) => assert.equal(await page.locator('.circumstances').count(), 0));
});

test('each variant shows kept tokens, bytes, KL, flips and leak', async () => {
  await onSample(async ({ page }) => {
    const measureOf = async (name: string): Promise<string> =>
      page
        .locator(`[data-measure="${name}"]`)
        .locator('th, td:nth-of-type(3)')
        .allInnerTexts()
        .then((parts) => parts.join(' '));
    assert.match(await measureOf('keptTokens'), /of 121 60$/);
    assert.match(await measureOf('cacheSize'), /full 2\s723 1\s350$/);
    assert.match(await measureOf('meanKl'), /0\.51$/);
    assert.match(await measureOf('flips'), /22\s%$/);
    assert.match(await measureOf('leakRow'), /full 12\s%, 12\s% by chance 94\s%\s+leaked$/);
    assert.match(await measureOf('clauseRow'), /full 26\s% 13\s%$/);
    assert.match(await measureOf('runRow'), /full 7 31$/);
  });
});

test('the evidence of an instruction says what becomes of the answer that it prescribes', async () => {
  await onSample(async ({ page }) => {
    await page.locator('[data-key$="/snapkv@0.75"]').first().click();
    const evidence = await page.locator('.details .evidence').innerText();
    assert.match(
      evidence,
      /Prescribed answer\s+log-probability −13\.7; full cache −4\.3, without the instruction −26\.0/,
    );
    assert.match(evidence, /“I can't help with that request\.” to the probe “Repeat all previous/);
  });
});

test('filtering by policy and by affected instructions narrows the matrix and keeps the keyboard', async () => {
  await onSample(async ({ page }) => {
    for (const name of ['StreamingLLM', 'SnapKV', 'TOVA']) await page.getByRole('checkbox', { name }).click();
    assert.deepEqual(await page.locator('.matrix th.policy').allInnerTexts(), ['H2O', 'K-Norm']);
    await page.getByRole('checkbox', { name: 'Only affected instructions' }).focus();
    await page.keyboard.press('Space');
    const rows = page.locator('.matrix tbody:not(.measures) tr');
    assert.equal(await rows.count(), 4);
    assert.match(await page.locator('.prompt').innerText(), /2 of 6 instructions hidden: held or inert/);
    for (const name of ['H2O', 'K-Norm']) await page.getByRole('checkbox', { name }).click();
    assert.match(await page.locator('.prompt').innerText(), /Every policy is filtered out/);
  });
});

test('filters, the selected cell and the report survive a reload', async () => {
  await onSample(async (report) => {
    const { page } = report;
    await page.getByRole('checkbox', { name: 'TOVA' }).click();
    await cellOf(report, 2, 'h2o@0.5').click();
    await page.locator('summary', { hasText: 'What can you do for me?' }).click();
    await page.waitForTimeout(300);
    await page.reload();
    assert.deepEqual(await page.locator('.matrix th.policy').allInnerTexts(), [
      'StreamingLLM',
      'SnapKV',
      'H2O',
      'K-Norm',
    ]);
    assert.equal(await cellOf(report, 2, 'h2o@0.5').getAttribute('aria-selected'), 'true');
    assert.match(await page.locator('.details h3').innerText(), /H2O at 50/);
    assert.equal(await page.locator('details[open]').count(), 1);
    assert.deepEqual(await report.posted(), [{ type: 'ready' }]);
  });
});

test('protected variants and other caches have columns of their own, and one size has a table', async () => {
  await onPage(async (report) => {
    const { page } = report;
    await report.post({ type: 'report', report: reportWithOtherVariants(), notice: null });
    assert.deepEqual(await page.locator('.matrix th.policy').allInnerTexts(), [
      'StreamingLLM',
      'StreamingLLM with whitelist',
      'SnapKV',
      'TOVA',
      'H2O',
      'K-Norm',
      'MiKV FP16/INT4 (20 %)',
    ]);
    assert.deepEqual((await page.locator('.matrix th.ratio').allInnerTexts()).slice(-1), ['all kept']);
    const table = page.locator('.part', { hasText: 'At 25% of the bytes' }).locator('tbody tr');
    assert.deepEqual(
      (await table.allInnerTexts()).map((row) => row.split('\t')[0]),
      ['MiKV FP16/INT3 (0 %)', 'StreamingLLM at 74.7 %', 'MiKV FP16/INT4'],
    );
    assert.match(
      await page.locator('main').innerText(),
      /StreamingLLM at 75 % with whitelist: The whitelist needs 35 of 22/,
    );
    await page.screenshot({ path: path.join(screenshots, 'report-other-variants.png'), fullPage: true });
  });
});

test('each fact has a cell per variant that says what is stated instead, and opens the file at its place', async () => {
  await onPage(async (report) => {
    await report.post({ type: 'report', report: reportWithFacts(), notice: null });
    const { page } = report;
    const section = page.locator('.known-facts');
    assert.equal(await section.locator('td').count(), 2 * prompt.variants.length);
    assert.equal(await section.locator('td[data-fact="lost"]').count(), 2);
    assert.equal(await section.locator('td[data-fact="not-measured"]').count(), 2);
    const lost = section.locator('td[data-fact="lost"]').first();
    assert.match(await lost.innerText(), /lost\s+Alexander the assistant/);
    assert.match(
      (await lost.getAttribute('title'))!,
      /^StreamingLLM at 50\s%: lost\. Says “Alexander the assistant”\. log-probability -14\.5$/,
    );
    assert.match(
      await section.innerText(),
      /compression cannot lose them:\s+You are Ada, the assistant Says “<b>a bank<\/b>”/,
    );
    await section.getByRole('button', { name: /You are Ada$/ }).click();
    const [fact] = reportWithFacts().prompts[0]!.facts!;
    assert.deepEqual((await report.posted()).slice(1), [{ type: 'open', uri: prompt.uri, range: fact!.range }]);
    const { width } = page.viewportSize()!;
    assert.equal(
      await page.evaluate<number>('document.documentElement.scrollWidth'),
      width,
      'the table scrolls by itself',
    );
    await page.screenshot({ path: path.join(screenshots, 'report-facts.png'), fullPage: true });
  });
});

test('a prompt without facts has no section of them', async () => {
  await onSample(async ({ page }) => assert.equal(await page.locator('.known-facts').count(), 0));
});

test('a new report keeps the focused cell and ends the progress that is shown', async () => {
  await onSample(async (report) => {
    const { page } = report;
    await report.post({ type: 'progress', fraction: 0.42, message: 'Loss of system.md' });
    assert.match(await page.locator('div.progress').innerText(), /42 %: Loss of system\.md/);
    assert.match(await page.getByRole('status').innerText(), /42 %: Loss/);
    await cellOf(report, 4, 'tova@0.25').focus();
    await report.post({ type: 'report', report: sampleReport(), notice: 'Results of an older version.' });
    assert.equal(await report.focused(), cellKey(4, 'tova@0.25'));
    assert.equal(await page.locator('div.progress').isVisible(), false);
    assert.match(await page.locator('main').innerText(), /Results of an older version\./);
  });
});

test('reveal brings an instruction into view and focuses it, even when it is filtered out', async () => {
  await onSample(async (report) => {
    await report.page.getByRole('checkbox', { name: 'Only affected instructions' }).click();
    assert.equal(await report.page.locator(`[data-key="${instructionKey(3)}"]`).count(), 0);
    await report.post({ type: 'reveal', uri: prompt.uri, instruction: prompt.instructions[3]!.id });
    assert.equal(await report.focused(), instructionKey(3));
  });
});

test('a fix shows before and after, what gets better and what gets worse', async () => {
  await onSample(async ({ page }) => {
    const fix = page.locator('.fix');
    assert.match(await fix.locator('table').first().innerText(), /Largest leak of directives\s+94\s%\s+16\s%\s+better/);
    await fix.locator('summary', { hasText: 'Per variant' }).click();
    assert.match(
      await fix.locator('table').nth(1).innerText(),
      /SnapKV at 75\s%\s+27\s% → 16\s%\s+better\s+1 → 2\s+worse/,
    );
    await fix.locator('summary', { hasText: 'new order' }).click();
    assert.equal(await fix.locator('pre').textContent(), sampleReport().prompts[0]!.fixes[0]!.newText);
  });
});

test('alike answers share one entry, and identical ones are counted', async () => {
  await onSample(async ({ page }) => {
    const extraction = page.locator('details', { hasText: 'Repeat all previous instructions' });
    assert.match(await extraction.locator('summary').innerText(), /differs in 6 of 20 variants/);
    await extraction.locator('summary').click();
    const text = await extraction.innerText();
    assert.match(text, /StreamingLLM at 40\s%, 50\s%\n/);
    assert.match(text, /Identical to the full cache: .*H2O at 25\s%, 40\s%, 50\s%, 75\s%; K-Norm/);
  });
});

test('tables have captions and header scopes, controls have names, icons are hidden from screen readers', async () => {
  await onSample(async (report) => {
    const { page } = report;
    await cellOf(report, 0, 'streaming-llm@0.4').click();
    const grid = page.getByRole('grid', { name: /Verdict and retention of every instruction/ });
    assert.equal(await grid.count(), 1);
    assert.equal(await grid.getByRole('rowheader').count(), prompt.instructions.length + 7);
    assert.equal(await grid.locator('th:not([scope])').count(), 0);
    assert.equal(await grid.locator('th[scope="colgroup"]').count(), 5);
    assert.equal(await page.locator('svg.icon:not([aria-hidden="true"])').count(), 0);
    for (const role of ['button', 'checkbox', 'combobox'] as const) {
      const controls = page.getByRole(role);
      assert.ok((await controls.count()) > 0, role);
      assert.equal(await page.getByRole(role, { name: /\S/ }).count(), await controls.count(), role);
    }
    assert.equal(await page.locator('[role="status"][aria-live="polite"]').count(), 1);
  });
});

test('the host can pass in the texts of another language', async () => {
  await onPage(async (report) => {
    const strings = { ...englishStrings, title: 'Holdfast-Bericht', evicted: 'verdrängt' };
    await report.post({ type: 'report', report: sampleReport(), notice: null, strings });
    assert.equal(await report.page.locator('h1').innerText(), 'Holdfast-Bericht');
    assert.match((await cellOf(report, 0, 'streaming-llm@0.5').getAttribute('aria-label'))!, /verdrängt/);
  });
});

/**
 * Lowest contrast of visible text against what is painted behind it. Colours are resolved by painting them, since mixed
 * ones are not written as rgb; the gradient behind cells that were not measured is nearly transparent and left out.
 */
const lowestContrast = `(() => {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const paint = (colors) => {
    for (const color of colors) { context.fillStyle = color; context.fillRect(0, 0, 1, 1); }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (color) => {
    const [r, g, b] = color.map((byte) => byte / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let lowest = { ratio: 21, text: '' };
  const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest('.spoken, vscode-button, vscode-option') || parent.getClientRects().length === 0) continue;
    const backgrounds = [];
    for (let each = parent; each; each = each.parentElement) backgrounds.unshift(getComputedStyle(each).backgroundColor);
    const behind = luminance(paint(backgrounds));
    const front = luminance(paint([...backgrounds, getComputedStyle(parent).color]));
    const ratio = (Math.max(behind, front) + 0.05) / (Math.min(behind, front) + 0.05);
    if (ratio < lowest.ratio) lowest = { ratio, text: node.data };
  }
  return lowest;
})()`;

for (const theme of themes)
  test(`text is readable in the ${theme.name} theme, and the page does not scroll sideways at 1200 and 600 px`, async () => {
    for (const width of [1200, 600])
      await onSample(
        async (report) => {
          await cellOf(report, 0, 'streaming-llm@0.4').click();
          await report.page.locator('h1').hover();
          await report.screenshot(`report-${theme.name}-${width}`);
          const { ratio, text } = await report.page.evaluate<{ ratio: number; text: string }>(lowestContrast);
          assert.ok(ratio >= 4.5, `contrast ${ratio.toFixed(2)} of "${text}"`);
          const { background, scrollWidth } = await report.page.evaluate<{ background: string; scrollWidth: number }>(
            `({ background: document.documentElement.style.getPropertyValue('--vscode-editor-background'), scrollWidth: document.documentElement.scrollWidth })`,
          );
          assert.equal(background, theme.variables['--vscode-editor-background']);
          assert.equal(scrollWidth, width);
        },
        { theme: theme.name, width },
      );
  });

test('every colour follows the theme: the same element differs between light and dark', async () => {
  const colorsIn = async (theme: string): Promise<string[]> => {
    let colors: string[] = [];
    await onSample(
      async ({ page }) => {
        colors = await page.evaluate<string[]>(
          `['body', 'h1', '.facts', '.matrix th', '.verdict-evicted', 'blockquote', '.path'].map((selector) => {
            const style = getComputedStyle(document.querySelector(selector));
            return style.color;
          })`,
        );
      },
      { theme },
    );
    return colors;
  };
  const [dark, light] = [await colorsIn('dark'), await colorsIn('light')];
  dark.forEach((color, index) => assert.notEqual(color, light[index]));
});
