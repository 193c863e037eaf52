import type {
  Finding,
  Fix,
  InstructionReport,
  Leak,
  PromptReport,
  Report,
  ResponseReport,
  VariantReport,
} from '../report.ts';
import { defenseSuccessRecall } from '../evidence/defenseSuccess.ts';
import { findingsOf, suppressedOf } from '../findingsOf.ts';
import { settingsOf } from '../settingsOf.ts';
import { askedFacts } from '../facts/factVerdict.ts';
import { factGrid, type FactCell } from '../rules/factGrid.ts';
import { gridOf, instructionGrid, type Cell } from '../rules/grid.ts';
import { rule } from '../rules/index.ts';
import { checkText, sampledChecks, survivalText } from '../rules/behaviorWording.ts';
import { defenseSuccess, equalBytesTable, largestLeak, leakOf, lostIn } from '../variants/comparison.ts';
import { probeText } from '../rules/probeText.ts';
import { counted, listed, nats, percent, policyTitle, twoDecimals } from '../rules/wording.ts';
import type { Format } from './format.ts';
import {
  assumptions,
  circumstances,
  factWords,
  findingCount,
  isIncomplete,
  outcomeSentence,
  place,
  severityWords,
  shortHash,
  verdictMeanings,
  verdictWord,
  verdictWords,
} from './summary.ts';
import { verdicts } from '../report.ts';
import { htmlStyle } from './htmlStyle.ts';
import { Html, nothing, page } from './markup.ts';

function cell(value: Cell): Html {
  const { retention, loss, prescribed, reason } = value.measured ?? {};
  const numbers = [
    retention === undefined || retention === null ? null : `kept ${percent(Math.round(retention * 100) / 100)}`,
    loss === undefined || loss === null ? null : `loss ${twoDecimals(loss)}`,
    typeof prescribed?.logProb === 'number' ? `prescribed answer ${nats(prescribed.logProb)}` : null,
  ].filter((part) => part !== null);
  return page`<td class="verdict ${value.verdict}" title="${reason ?? 'nothing is known'}"><b>${verdictWord(value)}</b>${
    numbers.length === 0 ? nothing : page`<small>${numbers.join(', ')}</small>`
  }</td>`;
}

function influence({ influence: measured }: InstructionReport): string {
  return measured === null ? 'not measured' : measured.nats.toFixed(3);
}

function matrix(report: Report, prompt: PromptReport): Html {
  const settings = settingsOf(report, prompt);
  const columns = gridOf(settings);
  return page`<div class="scroll" tabindex="0" role="region" aria-label="Instructions by variant"><table class="matrix">
<caption>Verdict of each instruction under each policy and ratio evicted</caption>
<thead><tr><th rowspan="2" scope="col">Line</th><th rowspan="2" scope="col">Instruction</th><th rowspan="2" scope="col">Influence, nats per token</th>${columns.map(
    ({ policy, ratios }) => page`<th colspan="${ratios.length}" scope="colgroup">${policyTitle(policy)}</th>`,
  )}</tr>
<tr>${columns.flatMap(({ ratios }) => ratios.map((ratio) => page`<th scope="col">${ratio === 0 ? 'all kept' : percent(ratio)}</th>`))}</tr></thead>
<tbody>${prompt.instructions.map(
    (
      instruction,
    ) => page`<tr><td>${place(instruction.range)}</td><th scope="row"><span class="kind">${instruction.kind}</span> ${instruction.text}</th><td class="number">${influence(instruction)}</td>${instructionGrid(
      prompt,
      instruction.id,
      settings,
    ).flatMap(({ cells }) => cells.map(cell))}</tr>
`,
  )}</tbody></table></div>`;
}

const factClass = { lost: 'evicted', unsettled: 'weakened', 'not-measured': 'not-measured', stated: 'held' } as const;

function factCell({ verdict, measured }: FactCell): Html {
  const isOther = measured !== undefined && measured.outcome !== 'stated' && measured.askedAt === undefined;
  const said = isOther ? page`<small>says “${measured.said}”</small>` : nothing;
  const title =
    measured === undefined
      ? 'nothing is known'
      : measured.askedAt === undefined
        ? `log-probability ${measured.logProb.toFixed(1)}`
        : `follows from ${percent(measured.askedAt)}`;
  return page`<td class="verdict ${factClass[verdict]}" title="${title}"><b>${factWords[verdict]}</b>${said}</td>`;
}

/** What each cache makes of the facts of the prompt. */
function facts(report: Report, prompt: PromptReport): Html {
  const { compared, unknown } = askedFacts(prompt);
  if (compared.length + unknown.length === 0) return nothing;
  const settings = settingsOf(report, prompt);
  const table = page`<div class="scroll" tabindex="0" role="region" aria-label="Facts by variant"><table class="matrix">
<caption>What each cache says where the prompt states a fact</caption>
<thead><tr><th rowspan="2" scope="col">Line</th><th rowspan="2" scope="col">Fact</th><th rowspan="2" scope="col">Full cache, log-probability</th>${gridOf(
    settings,
  ).map(({ policy, ratios }) => page`<th colspan="${ratios.length}" scope="colgroup">${policyTitle(policy)}</th>`)}</tr>
<tr>${gridOf(settings).flatMap(({ ratios }) => ratios.map((ratio) => page`<th scope="col">${ratio === 0 ? 'all kept' : percent(ratio)}</th>`))}</tr></thead>
<tbody>${compared.map(
    (
      fact,
    ) => page`<tr><td>${place(fact.range)}</td><th scope="row"><span class="kind">${fact.kind}</span> ${fact.leadIn}<b>${fact.text}</b></th><td class="number">${fact.full!.logProb.toFixed(1)}</td>${factGrid(
      prompt,
      fact.id,
      settings,
    ).flatMap(({ cells }) => cells.map(factCell))}</tr>
`,
  )}</tbody></table></div>`;
  return page`<h3>Facts</h3>${compared.length === 0 ? nothing : table}${
    unknown.length === 0
      ? nothing
      : page`<p>Not stated by this model even with the full cache, so compression cannot lose them:</p><ul>${unknown.map(
          ({ leadIn, text, full }) => page`<li>${leadIn}<b>${text}</b> (says “${full!.said}”)</li>
`,
        )}</ul>`
  }`;
}

/** Kinds of compression at the same bytes. */
function equalBytes(prompt: PromptReport): Html {
  return page`${prompt.equalBytes.map((comparison) => {
    const { reached, unreached } = equalBytesTable(prompt, comparison);
    return page`<h3>At ${comparison.size} of the bytes</h3>
<div class="scroll" tabindex="0" role="region" aria-label="Kinds of compression at equal bytes"><table><caption>The nearest to the full cache first</caption>
<thead><tr><th scope="col">Cache</th><th scope="col">Bytes</th><th scope="col">Mean KL, nats</th><th scope="col">Changed tokens</th><th scope="col">Lost</th><th scope="col">Leak</th></tr></thead>
<tbody>${reached.map((variant) => {
      const leak = largestLeak(variant);
      return page`<tr><th scope="row">${variant.title}</th><td class="number">${percent(variant.bytes / variant.fullBytes)}</td><td class="number">${variant.meanKl?.toFixed(3) ?? 'not measured'}</td><td class="number">${variant.flips === null ? 'not measured' : percent(variant.flips)}</td><td class="number">${lostIn(variant)}</td><td class="number">${leak === null ? 'not measured' : twoDecimals(leak)}</td></tr>
`;
    })}${unreached.map(
      ({ title, reason }) => page`<tr><th scope="row">${title}</th><td colspan="5">${reason}</td></tr>
`,
    )}</tbody></table></div>`;
  })}`;
}

/** How often sampled answers obey what can be checked. */
function behavior(prompt: PromptReport): Html {
  const checks = sampledChecks(prompt);
  if (checks.length === 0) return nothing;
  return page`<h3>Sampled answers</h3>
<dl>${checks.map(
    ({ instruction, check, under }) => page`<dt>${place(instruction.range)} ${instruction.text}</dt>
<dd>The answer ${check.asks}: ${checkText(check)}.${
      under.length === 0
        ? nothing
        : page`<ul>${under.map(({ variant, survival }) => page`<li>${variant.title}: ${survivalText(survival)}</li>`)}</ul>`
    }</dd>
`,
  )}</dl>`;
}

function unmeasured({ unmeasured: variants }: PromptReport): Html {
  if (variants.length === 0) return nothing;
  return page`<ul>${variants.map(
    ({ title, reason }) => page`<li class="warn">Not measured: ${title}. ${reason}</li>
`,
  )}</ul>`;
}

function caches(prompt: PromptReport): Html {
  if (prompt.variants.length === 0) return nothing;
  return page`<details><summary>Size, distance and leaks of the ${prompt.variants.length} caches</summary><div class="scroll" tabindex="0" role="region" aria-label="Caches"><table>
<thead><tr><th scope="col">Cache</th><th scope="col">Entries kept</th><th scope="col">KiB</th><th scope="col">Mean KL, nats</th><th scope="col">Changed tokens</th><th scope="col">Leak of the directives</th><th scope="col">Leak of the defense</th><th scope="col">Words of the prompt in a row</th><th scope="col">Notes</th></tr></thead>
<tbody>${prompt.variants.map(
    (
      variant,
    ) => page`<tr><th scope="row">${variant.title}</th><td class="number">${variant.keptTokens} of ${prompt.promptTokens ?? '?'}</td><td class="number">${Math.round(variant.bytes / 1024)} of ${Math.round(variant.fullBytes / 1024)}</td><td class="number">${variant.meanKl === null ? 'not measured' : variant.meanKl.toFixed(3)}</td><td class="number">${variant.flips === null ? 'not measured' : percent(variant.flips)}</td>${leakCells(leakOf(variant))}<td>${variant.notes.join(' ')}</td></tr>
`,
  )}</tbody>
<tfoot><tr><th scope="row">Full cache</th><td class="number">${prompt.promptTokens ?? '?'}</td><td class="number">${Math.round(prompt.variants[0]!.fullBytes / 1024)}</td><td class="number">0</td><td class="number">0 %</td>${leakCells(prompt.fullLeak)}<td>${prompt.leakFloor === undefined ? '' : `The prescribed refusal repeats ${percent(Math.round(prompt.leakFloor * 100) / 100)} of the directives by chance.`}</td></tr></tfoot></table></div>
<p>${defenseWords(prompt)}</p></details>${prescribedAnswers(prompt)}`;
}

function leakCells(leak: Leak | null): Html {
  const cells =
    leak === null
      ? []
      : [twoDecimals(leak.directives), leak.clause === null ? 'none' : twoDecimals(leak.clause), leak.verbatimWords];
  return page`${(cells.length === 0 ? ['not measured', 'not measured', 'not measured'] : cells).map((value) => page`<td class="number">${value}</td>`)}`;
}

function defenseWords(prompt: PromptReport): string {
  const { defended, of } = defenseSuccess(prompt.variants);
  return of === 0
    ? 'Leaks were not measured.'
    : `${defended} of ${counted(of, 'cache')} repeat at most ${percent(defenseSuccessRecall)} of the directives in every answer.`;
}

/** What the full cache makes of answers that instructions prescribe; what variants make of them stands in the matrix. */
function prescribedAnswers(prompt: PromptReport): Html {
  const rows = prompt.instructions.flatMap(({ id, range }) => {
    const prescribed = prompt.variants[0]?.instructions.find((measured) => measured.id === id)?.prescribed;
    return prescribed === undefined ? [] : [{ range, ...prescribed }];
  });
  if (rows.length === 0) return nothing;
  return page`<p>Log-probability of answers that the prompt prescribes, in nats:</p><ul>${rows.map(
    ({ range, text, probe, logProbFull, logProbWithout }) =>
      page`<li>line ${place(range)}: “${text}” to “${probeText(prompt, probe)}” has ${nats(logProbFull)} with the full cache and ${nats(logProbWithout)} without its instruction.</li>
`,
  )}</ul>`;
}

/** Variants that gave the same answer to a probe, with that answer. */
interface SameAnswer {
  readonly variants: VariantReport[];
  readonly response: ResponseReport;
}

function answersTo(prompt: PromptReport, probe: string): SameAnswer[] {
  const groups = new Map<string, SameAnswer>();
  for (const variant of prompt.variants) {
    const response = variant.responses.find((candidate) => candidate.probe === probe);
    if (response === undefined) continue;
    const group = groups.get(response.text);
    if (group === undefined) groups.set(response.text, { variants: [variant], response });
    else group.variants.push(variant);
  }
  return [...groups.values()];
}

function leakWords({ leak }: ResponseReport): string {
  return leak === null ? '' : ` · repeats ${percent(Math.round(leak.directives * 100) / 100)} of the directives`;
}

function answer(title: string, body: string | null): Html {
  return page`<div class="answer"><h5>${title}</h5><p class="said">${body ?? 'not measured'}</p></div>`;
}

function responses(prompt: PromptReport): Html {
  if (prompt.probes.length === 0) return nothing;
  return page`<h3>Answers, full cache and compressed</h3>
${prompt.probes.map((probe) => {
  const groups = answersTo(prompt, probe.id);
  const same = groups.filter(({ response }) => response.text === probe.response);
  const changed = groups.filter(({ response }) => response.text !== probe.response);
  const unchanged = same.flatMap(({ variants }) => variants.map(({ title }) => title));
  return page`<section class="probe"><h4>${probe.kind}: “${probe.text}”</h4>
${unchanged.length === 0 ? nothing : page`<p>Same answer as the full cache: ${listed(unchanged)}.</p>`}
${groups.length === 0 ? page`<p class="warn">Answers of compressed caches were not measured.</p>${answer('Full cache', probe.response)}` : nothing}
${groups.length > 0 && changed.length === 0 ? answer('Full cache', probe.response) : nothing}${changed.map(
    ({
      variants,
      response,
    }) => page`<details><summary>${listed(variants.map(({ title }) => title))}${leakWords(response)}</summary>
<div class="sides">${answer('Full cache', probe.response)}${answer(`Compressed${response.truncated ? ' (cut at the token limit)' : ''}`, response.text)}</div></details>
`,
  )}</section>
`;
})}`;
}

function fixSection(prompt: PromptReport, fix: Fix): Html {
  const names = new Map(prompt.variants.map((variant) => [variant.id, variant.title]));
  return page`<section class="fix"><h4>${fix.title}</h4>
<div class="scroll" tabindex="0" role="region" aria-label="Before and after"><table><caption>Measured before and after, by running the new order again</caption>
<thead><tr><th scope="col">Variant</th><th scope="col">Lost before</th><th scope="col">Lost after</th><th scope="col">Leak before</th><th scope="col">Leak after</th></tr></thead>
<tbody><tr><th scope="row">All (leak: the largest)</th><td class="number">${fix.before.lost} of ${fix.before.pairs}</td><td class="number">${fix.after.lost} of ${fix.after.pairs}</td><td class="number">${twoDecimals(fix.before.leak)}</td><td class="number">${twoDecimals(fix.after.leak)}</td></tr>
${fix.cells.map(
  (
    row,
  ) => page`<tr><th scope="row">${names.get(row.variant) ?? row.variant}</th><td class="number">${row.lostBefore}</td><td class="number">${row.lostAfter}</td><td class="number">${twoDecimals(row.leakBefore)}</td><td class="number">${twoDecimals(row.leakAfter)}</td></tr>
`,
)}</tbody></table></div>
${fix.cautions.length === 0 ? nothing : page`<ul class="warn">${fix.cautions.map((caution) => page`<li>${caution}</li>`)}</ul>`}
<details><summary>The prompt in the new order</summary><pre>${fix.newText}</pre></details></section>
`;
}

function findingItem({ severity, message, rule: id, range }: Finding): Html {
  return page`<li class="${severity}"><b>${severityWords[severity]}</b> line ${place(range)}: ${message} <span class="kind">${id} (${rule(id).title})</span></li>
`;
}

function promptSection(report: Report, prompt: PromptReport): Html {
  const findings = findingsOf(report, prompt);
  const suppressed = suppressedOf(report, prompt);
  const measured = prompt.status === 'measured';
  return page`<article><h2>${prompt.uri}</h2>
<p class="facts">${prompt.promptTokens === null ? 'tokens not counted' : `${prompt.promptTokens} tokens`} · ${counted(prompt.instructions.length, 'instruction')} · ${counted(prompt.probes.length, 'probe')} · text ${shortHash(prompt.textHash)}</p>
${circumstances(report, prompt).map(
  (line) => page`<p>${line}</p>
`,
)}${measured ? nothing : page`<p class="warn"><b>${prompt.status === 'partial' ? 'PARTIAL' : 'NOT MEASURED'}</b>: ${prompt.statusReason ?? 'the audit ended before'}</p>`}
<h3>Findings</h3>
${
  findings.length === 0
    ? page`<p>${measured ? 'No findings.' : 'No findings in what was measured.'}</p>`
    : page`<ul class="findings">${findings.map(findingItem)}</ul>`
}${
    suppressed.length === 0
      ? nothing
      : page`<details><summary>${counted(suppressed.length, 'finding')} suppressed by a marker</summary><ul class="findings">${suppressed.map(findingItem)}</ul></details>`
  }
${prompt.status === 'not-measured' ? nothing : page`<h3>Instructions by variant</h3>${matrix(report, prompt)}${facts(report, prompt)}${caches(prompt)}${behavior(prompt)}${equalBytes(prompt)}${unmeasured(prompt)}`}
${responses(prompt)}
${prompt.fixes.length === 0 ? nothing : page`<h3>Fixes</h3>${prompt.fixes.map((fix) => fixSection(prompt, fix))}`}
</article>
`;
}

/** One self-contained page: no script, nothing loaded from anywhere, and a policy that forbids both. */
export const html: Format = {
  id: 'html',
  summary: 'One self-contained page with the matrix, the answers side by side and the fixes. Carries prompt text.',
  render: (report) =>
    page`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Holdfast report${isIncomplete(report) ? ' (partial)' : ''}</title>
<style>${new Html(htmlStyle)}</style></head>
<body><main><h1>Holdfast report</h1>
<p class="${isIncomplete(report) ? 'warn' : 'facts'}"><b>${outcomeSentence(report)}</b> ${findingCount(report.findings)}.</p>
<dl class="assumptions">${assumptions(report).map(({ label, value }) => page`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
<details><summary>What the verdicts mean</summary><dl>${verdicts.map((verdict) => page`<dt class="verdict ${verdict}"><b>${verdictWords[verdict]}</b></dt><dd>${verdictMeanings[verdict]}</dd>`)}</dl></details>
${report.prompts.map((prompt) => promptSection(report, prompt))}</main></body></html>
`.markup,
};
