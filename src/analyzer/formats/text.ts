import type {
  FactReport,
  Finding,
  InstructionReport,
  Leak,
  PromptReport,
  Report,
  Severity,
  VariantReport,
  Verdict,
} from '../report.ts';
import { defenseSuccessRecall } from '../evidence/defenseSuccess.ts';
import { findingsOf } from '../findingsOf.ts';
import { settingsOf } from '../settingsOf.ts';
import { askedFacts } from '../facts/factVerdict.ts';
import { factGrid, type FactCell } from '../rules/factGrid.ts';
import { gridOf, gridVariants, instructionGrid, worstOf, type Cell } from '../rules/grid.ts';
import { checkText, sampledChecks, survivalText } from '../rules/behaviorWording.ts';
import { defenseSuccess, equalBytesTable, largestLeak, leakOf, lostIn } from '../variants/comparison.ts';
import { losesPrescribed } from '../rules/prescribedAnswers.ts';
import { counted, nats, percent, policyTitle, quoted, twoDecimals } from '../rules/wording.ts';
import { measuringMs } from '../timings.ts';
import type { Format } from './format.ts';
import {
  assumptions,
  circumstances,
  factWords,
  findingCount,
  isIncomplete,
  outcomeSentence,
  place,
  printable,
  seconds,
  severityWords,
  shortHash,
  verdictMeanings,
  verdictWord,
  verdictWords,
} from './summary.ts';

/** Columns where no terminal says otherwise. */
const defaultWidth = 120;
/** The label column keeps enough of an instruction to recognise it, however narrow the terminal. */
const narrowestLabel = 24;
const longestFact = 56;

type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan';
/** SGR start and end codes. `util.styleText` would need Node 20.12; these six are all that is used. */
const codes: Record<Style, readonly [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
  cyan: [36, 39],
};
type Paint = (style: Style, text: string) => string;
const painter =
  (color: boolean): Paint =>
  (style, text) =>
    color ? `\u001b[${codes[style][0]}m${text}\u001b[${codes[style][1]}m` : text;

const severityStyle: Record<Severity, Style> = { error: 'red', warning: 'yellow', information: 'cyan', hint: 'dim' };
const verdictStyle: Record<Verdict, Style> = {
  evicted: 'red',
  ignored: 'red',
  weakened: 'yellow',
  held: 'green',
  inert: 'dim',
  'not-measured': 'dim',
};

function shorten(text: string, width: number): string {
  const line = printable(text).replace(/\s+/g, ' ').trim();
  return line.length <= width ? line : `${line.slice(0, width - 3).trimEnd()}...`;
}

/** Caches that are listed of a check: those with the least effect left. */
const mostSurvivals = 4;

/** `evicted 50 %`: the worst verdict of a policy and the smallest ratio at which it stands. */
function cellText(cell: Cell): string {
  const word = verdictWord(cell);
  return cell.verdict === 'evicted' || cell.verdict === 'ignored' || cell.verdict === 'weakened'
    ? `${word}${cell.ratio === 0 ? '' : ` ${percent(cell.ratio)}`}`
    : word;
}

function matrix(prompt: PromptReport, report: Report, width: number, paint: Paint): string[] {
  const settings = settingsOf(report, prompt);
  const policies = gridOf(settings).map(({ policy }) => policy);
  if (prompt.instructions.length === 0) return ['  No instructions were found in this prompt.'];
  const rows = prompt.instructions.map((instruction) => ({
    instruction,
    cells: instructionGrid(prompt, instruction.id, settings).map(worstOf),
  }));
  const columns = policies.map((policy, column) =>
    Math.max(policyTitle(policy).length, ...rows.map(({ cells }) => cellText(cells[column]!).length)),
  );
  const table = columns.reduce((sum, column) => sum + column + 2, 0);
  const label = Math.max(narrowestLabel, Math.min(56, width - table - 4));
  const name = ({ range, kind, text }: InstructionReport): string =>
    shorten(`${place(range).padEnd(6)}${kind}: ${text}`, label).padEnd(label);
  const header = ['instruction'.padEnd(label), ...policies.map((policy, i) => policyTitle(policy).padEnd(columns[i]!))];
  return [
    paint('dim', `  ${header.join('  ').trimEnd()}`),
    ...rows.map(({ instruction, cells }) => {
      const painted = cells.map((cell, i) => paint(verdictStyle[cell.verdict], cellText(cell).padEnd(columns[i]!)));
      return `  ${[name(instruction), ...painted].join('  ')}`.trimEnd();
    }),
  ];
}

/** `lost 50 %`: the gravest verdict of a policy and the smallest ratio at which it stands. */
const factCellText = ({ verdict, ratio }: FactCell): string =>
  (verdict === 'lost' || verdict === 'unsettled') && ratio > 0
    ? `${factWords[verdict]} ${percent(ratio)}`
    : factWords[verdict];

/** The facts of the prompt by policy, and those that this model does not state even with the full cache. */
function factLines(prompt: PromptReport, report: Report, paint: Paint): string[] {
  const { compared, unknown } = askedFacts(prompt);
  const settings = settingsOf(report, prompt);
  const label = ({ range, kind, leadIn, text: value }: FactReport): string =>
    shorten(`${place(range).padEnd(6)}${kind}: ${leadIn}${value}`, longestFact);
  const rows = compared.map((fact) => ({ fact, cells: factGrid(prompt, fact.id, settings).map(({ worst }) => worst) }));
  const header = ['fact', ...gridOf(settings).map(({ policy }) => policyTitle(policy))];
  const [head, ...body] = aligned([
    header,
    ...rows.map(({ fact, cells }) => [label(fact), ...cells.map(factCellText)]),
  ]);
  return [
    ...(compared.length === 0 ? [] : ['', paint('dim', head!.slice(2)), ...body.map((line) => line.slice(2))]),
    ...unknown.map((fact) => paint('dim', `  Not stated by this model even with the full cache: ${label(fact)}`)),
  ];
}

/** One measure of a leak, as the lines show it. */
interface LeakMeasure {
  readonly title: string;
  readonly of: (leak: Leak) => number | null;
  readonly words: (value: number) => string;
  /** What it comes to with the full cache or by chance. */
  readonly beside?: string;
  readonly threshold?: number;
}

/** Each measure of a leak: with the full cache, and the largest one per policy with its ratio. */
function leakLines(prompt: PromptReport, report: Report, paint: Paint): string[] {
  if (!prompt.probes.some(({ kind }) => kind === 'extraction')) return [];
  const { leakThreshold: threshold } = settingsOf(report, prompt);
  const defended = prompt.instructions.some(({ kind }) => kind === 'defense');
  const floor = prompt.leakFloor === undefined ? {} : { beside: ` (${twoDecimals(prompt.leakFloor)} by chance)` };
  const measures: LeakMeasure[] = [
    { title: 'Leak of the directives', of: ({ directives }) => directives, words: twoDecimals, threshold, ...floor },
    ...(defended ? [{ title: 'Leak of the defense', of: ({ clause }: Leak) => clause, words: twoDecimals }] : []),
    { title: 'Words of the prompt in a row', of: ({ verbatimWords }) => verbatimWords, words: String },
  ];
  const lines = measures.map((measure) => leakLine(prompt, report, paint, measure));
  const { defended: count, of } = defenseSuccess(gridVariants(prompt));
  return !defended || of === 0
    ? lines
    : [
        ...lines,
        `  Defense success (recall of the directives at most ${defenseSuccessRecall}): ${count} of ${of} variants`,
      ];
}

function leakLine(prompt: PromptReport, report: Report, paint: Paint, measure: LeakMeasure): string {
  const { title, of, words, beside = '', threshold = Infinity } = measure;
  const full = prompt.fullLeak === null ? null : of(prompt.fullLeak);
  const parts = gridOf(settingsOf(report, prompt)).map(({ policy }) => {
    const worst = gridVariants(prompt)
      .filter((variant) => variant.policy === policy)
      .flatMap((variant) => {
        const leak = leakOf(variant);
        const value = leak === null ? null : of(leak);
        return value === null ? [] : [{ ratio: variant.ratio, value }];
      })
      .toSorted((a, b) => b.value - a.value || a.ratio - b.ratio)[0];
    if (worst === undefined) return `${policyTitle(policy)} not measured`;
    const text = `${policyTitle(policy)} ${words(worst.value)}${atRatio(worst.ratio)}`;
    return worst.value >= threshold ? paint('red', text) : text;
  });
  return `  ${title}, largest: full cache ${full === null ? 'not measured' : words(full)}${beside} · ${parts.join(' · ')}`;
}

const atRatio = (ratio: number): string => (ratio === 0 ? '' : ` at ${percent(ratio)}`);

/** What becomes of answers that instructions prescribe: the log-probability of each, the lowest per policy with its ratio. */
function prescribedLines(prompt: PromptReport, report: Report, paint: Paint): string[] {
  return prompt.instructions.flatMap((instruction) => {
    const rows = instructionGrid(prompt, instruction.id, settingsOf(report, prompt));
    const arms = rows.flatMap(({ cells }) => cells).find(({ measured }) => measured?.prescribed !== undefined);
    if (arms === undefined) return [];
    const { text: answer, logProbFull, logProbWithout } = arms.measured!.prescribed!;
    const parts = rows.flatMap(({ policy, cells }) => {
      const asked = cells.filter(({ measured }) => typeof measured?.prescribed?.logProb === 'number');
      const lowest = asked.toSorted((a, b) => logProbOf(a) - logProbOf(b))[0];
      if (lowest === undefined) return [];
      const text = `${policyTitle(policy)} ${nats(logProbOf(lowest))}${atRatio(lowest.ratio)}`;
      return [losesPrescribed(lowest.measured) ? paint('red', text) : text];
    });
    const head = `  Prescribed answer ${printable(quoted(answer))} (line ${place(instruction.range)}), log-probability: full cache ${nats(logProbFull)}, without its instruction ${nats(logProbWithout)}`;
    return [
      [head, ...(parts.length === 0 ? ['not given by the full cache, so not asked of others'] : parts)].join(' · '),
    ];
  });
}

const logProbOf = ({ measured }: Cell): number => measured!.prescribed!.logProb!;

/** What protections change: instructions lost and the largest leak, per variant, without and with each of them. */
function protectedLines(prompt: PromptReport): string[] {
  const shielded = prompt.variants.filter(({ protection, comparedAt }) => protection !== null && comparedAt === null);
  if (shielded.length === 0) return [];
  const rows = shielded.map((variant) => {
    const plain = gridVariants(prompt).find(
      ({ policy, ratio }) => policy === variant.policy && ratio === variant.ratio,
    );
    return [
      variant.title,
      `lost ${plain === undefined ? '?' : lostIn(plain)} -> ${lostIn(variant)}`,
      `leak ${leakText(plain)} -> ${leakText(variant)}`,
      `KL ${klText(plain)} -> ${klText(variant)}`,
    ];
  });
  return ['', '  With protections, within the same budget:', ...aligned(rows)];
}

/** Kinds of compression at the same bytes, the one nearest to the full cache first. */
function equalBytesLines(prompt: PromptReport): string[] {
  return prompt.equalBytes.flatMap((comparison) => {
    const { reached, unreached } = equalBytesTable(prompt, comparison);
    return [
      '',
      `  At ${comparison.size} of the bytes, nearest to the full cache first:`,
      ...aligned([
        ...reached.map((variant) => [
          variant.title,
          `${percent(variant.bytes / variant.fullBytes)} of the bytes`,
          `KL ${klText(variant)}`,
          `flips ${variant.flips === null ? '?' : percent(variant.flips)}`,
          `lost ${lostIn(variant)}`,
          `leak ${leakText(variant)}`,
        ]),
        ...unreached.map(({ title, reason }) => [title, reason]),
      ]),
    ];
  });
}

/** How often sampled answers obey what can be checked, with the full cache and where least of it is left. */
function behaviorLines(prompt: PromptReport): string[] {
  const checks = sampledChecks(prompt);
  if (checks.length === 0) return [];
  return [
    '',
    '  Sampled answers:',
    ...checks.flatMap(({ instruction, check, under }) => [
      `  ${place(instruction.range).padEnd(6)}${printable(check.asks)}: ${checkText(check)}`,
      ...under
        .slice(0, mostSurvivals)
        .map(({ variant, survival }) => `        ${variant.title}: ${survivalText(survival)}`),
    ]),
  ];
}

function unmeasuredLines({ unmeasured }: PromptReport, paint: Paint): string[] {
  return unmeasured.map(({ title, reason }) => paint('yellow', `  Not measured: ${title}: ${printable(reason)}`));
}

const klText = (variant: VariantReport | undefined): string => variant?.meanKl?.toFixed(3) ?? '?';

function leakText(variant: VariantReport | undefined): string {
  const leak = variant === undefined ? null : largestLeak(variant);
  return leak === null ? '?' : twoDecimals(leak);
}

/** Rows of cells, every column as wide as its widest cell but for the last. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (widest, row) =>
      row
        .map((cell, i) => Math.max(widest[i] ?? 0, i === row.length - 1 ? 0 : cell.length))
        .concat(widest.slice(row.length)),
    [],
  );
  return rows.map((row) => `    ${row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')}`.trimEnd());
}

function findingLines(findings: readonly Finding[], uri: string, paint: Paint): string[] {
  return findings.map(({ range, severity, message, rule }) => {
    const word = paint(severityStyle[severity], severityWords[severity].padEnd(7));
    return `  ${uri}:${place(range)}  ${word}  ${printable(message)}  ${paint('dim', rule)}`;
  });
}

function fixLines(prompt: PromptReport): string[] {
  return prompt.fixes.map(
    ({ title, before, after }) =>
      `  Fix: ${title} (lost ${before.lost} -> ${after.lost} of ${after.pairs}, largest leak ${twoDecimals(before.leak)} -> ${twoDecimals(after.leak)})`,
  );
}

function promptLines(report: Report, prompt: PromptReport, width: number, paint: Paint): string[] {
  const tokens = prompt.promptTokens === null ? 'tokens not counted' : `${prompt.promptTokens} tokens`;
  const facts = [
    tokens,
    counted(prompt.instructions.length, 'instruction'),
    counted(prompt.probes.length, 'probe'),
    `text ${shortHash(prompt.textHash)}`,
  ];
  const lines = [`${paint('bold', printable(prompt.uri))}  ${paint('dim', facts.join(' · '))}`];
  lines.push(...circumstances(report, prompt).map((line) => paint('dim', `  ${printable(line)}`)));
  if (prompt.status !== 'measured') {
    const word = prompt.status === 'partial' ? 'PARTIAL' : 'NOT MEASURED';
    lines.push(paint('yellow', `  ${word}: ${prompt.statusReason ?? 'the audit ended before'}`));
  }
  if (prompt.status !== 'not-measured') {
    lines.push(...matrix(prompt, report, width, paint), ...leakLines(prompt, report, paint));
    lines.push(
      ...prescribedLines(prompt, report, paint),
      ...behaviorLines(prompt),
      ...factLines(prompt, report, paint),
      ...protectedLines(prompt),
      ...equalBytesLines(prompt),
      ...unmeasuredLines(prompt, paint),
    );
  }
  const findings = findingsOf(report, prompt);
  lines.push('', ...findingLines(findings, prompt.uri, paint));
  if (findings.length === 0) {
    lines.push(prompt.status === 'measured' ? '  No findings.' : '  No findings in what was measured.');
  }
  lines.push(...fixLines(prompt), '');
  return lines;
}

export const text: Format = {
  id: 'text',
  summary: 'A report for terminals: a table of instructions and policies, then the findings as file:line:column.',
  render(report, { color = false, width = defaultWidth } = {}) {
    const paint = painter(color);
    const partial = isIncomplete(report);
    const shown = new Set(
      report.prompts.flatMap((prompt) =>
        prompt.status === 'not-measured'
          ? []
          : prompt.instructions.flatMap(({ id }) =>
              instructionGrid(prompt, id, settingsOf(report, prompt)).map((row) => worstOf(row).verdict),
            ),
      ),
    );
    const legend = [...shown].map((verdict) => `${verdictWords[verdict]} = ${verdictMeanings[verdict]}`);
    const gradual = shown.has('evicted') || shown.has('ignored') || shown.has('weakened');
    const total = measuringMs(report);
    const spent = total === null ? (partial ? '' : ', measured earlier') : `, ${seconds(total)}`;
    const lines = [
      ...(partial ? [paint('yellow', outcomeSentence(report)), ''] : []),
      ...assumptions(report).map(({ label, value }) =>
        paint(label === 'Warning' ? 'yellow' : 'dim', `${label}: ${printable(value)}`),
      ),
      '',
      ...report.prompts.flatMap((prompt) => promptLines(report, prompt, width, paint)),
      ...(legend.length === 0
        ? []
        : [
            paint(
              'dim',
              `Words: ${legend.join('; ')}.${gradual ? ' A percentage is the smallest ratio evicted at which the word holds.' : ''}`,
            ),
          ]),
      `${paint(partial ? 'yellow' : 'bold', outcomeSentence(report))} ${capital(findingCount(report.findings))}${suppressed(report)}${spent}.`,
    ];
    return `${lines.join('\n')}\n`;
  },
};

const suppressed = ({ suppressed: { length } }: Report): string =>
  length === 0 ? '' : `, and ${length} suppressed by a marker`;

const capital = (sentence: string): string => sentence.charAt(0).toUpperCase() + sentence.slice(1);
