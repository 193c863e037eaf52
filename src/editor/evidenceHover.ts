import { checkText } from '../analyzer/rules/behaviorWording.ts';
import { settingsOf } from '../analyzer/settingsOf.ts';
import { instructionGrid, type Cell } from '../analyzer/rules/grid.ts';
import { isLikely } from '../analyzer/rules/prescribedAnswers.ts';
import { probeText } from '../analyzer/rules/probeText.ts';
import { nats, percent, policyTitle, quoted, twoDecimals } from '../analyzer/rules/wording.ts';
import type { Position } from '../analyzer/prompt.ts';
import type {
  FileRange,
  InstructionReport,
  PrescribedReport,
  PromptReport,
  Report,
  Verdict,
} from '../analyzer/report.ts';
import { noDecode } from '../cache/decode/index.ts';
import type { DocumentResult } from './results.ts';

/** Shape and word: a verdict is never told by a symbol or a colour alone. */
const symbols: Readonly<Record<Verdict, string>> = {
  held: '●',
  weakened: '◐',
  evicted: '○',
  ignored: '◌',
  inert: '·',
  'not-measured': '?',
};

/** The editor's tables have no space between columns. */
const gap = '&nbsp;&nbsp;';

/** The instruction at a position of the document, with the prompt that holds it. */
export function instructionAt(
  result: DocumentResult,
  position: Position,
): { prompt: PromptReport; promptIndex: number; instruction: InstructionReport } | undefined {
  for (const [promptIndex, prompt] of result.prompts.entries()) {
    const instruction = prompt.instructions.find(({ range }) => contains(range, position));
    if (instruction !== undefined) return { prompt, promptIndex, instruction };
  }
  return undefined;
}

/** True when the position is inside the range or at its end. */
export function contains({ start, end }: FileRange, position: Position): boolean {
  return compare(start, position) <= 0 && compare(position, end) <= 0;
}

function compare(a: Position, b: Position): number {
  return a.line - b.line || a.character - b.character;
}

/** The evidence of one instruction as Markdown: a row per policy, a column per ratio, and what it was measured with. */
export function evidenceMarkdown(prompt: PromptReport, instruction: InstructionReport, report: Report): string {
  const settings = settingsOf(report, prompt);
  const ratios = settings.ratios.toSorted((a, b) => a - b);
  const rows = instructionGrid(prompt, instruction.id, settings);
  const lines = [
    `**Holdfast** · ${instruction.kind}${instruction.strong ? ', marked as important' : ''}`,
    '',
    influenceLine(prompt, instruction),
    ...instruction.checks.flatMap((check) => ['', `The answer ${escaped(check.asks)}: ${checkText(check)}.`]),
    ...prescribedLine(prompt, instruction),
    '',
    `| Policy${gap} | ${ratios.map((ratio) => `${percent(ratio)} evicted`).join(' | ')} |`,
    `|:--|${ratios.map(() => ':--|').join('')}`,
    ...rows.map(
      ({ policy, cells }) =>
        `| ${escaped(policyTitle(policy))}${gap} | ${cells.map((cell) => `${cellText(cell)}${gap}`).join(' | ')} |`,
    ),
    '',
    `In each cell: verdict, retention (share of its entries that is kept), loss (share of its influence that is gone)${
      prescribedOf(prompt, instruction) === undefined ? '' : ', log-probability of the answer that it prescribes'
    }.`,
    '',
    ...(prompt.status === 'measured' ? [] : [`**${statusText(prompt)}**`, '']),
    assumptions(prompt, report),
  ];
  return lines.join('\n');
}

function influenceLine(prompt: PromptReport, { influence }: InstructionReport): string {
  if (influence === null) return 'Influence with the full cache: not measured.';
  return `Influence with the full cache: ${twoDecimals(influence.nats)} nats per token, largest on the probe ${escaped(quoted(probeText(prompt, influence.probe)))}.`;
}

/** What the full cache makes of the answer that the instruction prescribes; the same in every variant's cell. */
const prescribedOf = ({ variants }: PromptReport, { id }: InstructionReport): PrescribedReport | undefined =>
  variants[0]?.instructions.find((measured) => measured.id === id)?.prescribed;

function prescribedLine(prompt: PromptReport, instruction: InstructionReport): string[] {
  const prescribed = prescribedOf(prompt, instruction);
  if (prescribed === undefined) return [];
  const { text, probe, logProbFull, logProbWithout } = prescribed;
  return [
    '',
    `Prescribes the answer ${escaped(quoted(text))}: log-probability ${nats(logProbFull)} with the full cache, ${nats(logProbWithout)} without this instruction, on the probe ${escaped(quoted(probeText(prompt, probe)))}.`,
  ];
}

function cellText({ verdict, measured }: Cell): string {
  if (measured === undefined) return `${symbols[verdict]} not measured`;
  const word = isLikely(measured) ? 'likely ignored' : verdict.replace('-', ' ');
  const numbers = [
    ...(measured.retention === null ? [] : [percent(Math.round(measured.retention * 100) / 100)]),
    ...(measured.loss === null ? [] : [twoDecimals(measured.loss)]),
    ...(typeof measured.prescribed?.logProb === 'number' ? [nats(measured.prescribed.logProb)] : []),
  ];
  const mark = verdict === 'held' || verdict === 'inert' || verdict === 'not-measured' ? word : `**${word}**`;
  return `${symbols[verdict]} ${mark} ${numbers.join(', ')}`.trimEnd();
}

/** Why a prompt is not fully measured, as one sentence. */
export function statusText({ status, statusReason }: PromptReport): string {
  const head = status === 'partial' ? 'Partial results' : 'Not measured';
  return `${head}${statusReason === null ? '.' : `: ${escaped(statusReason)}`}`;
}

function assumptions(prompt: PromptReport, report: Report): string {
  const { model } = report;
  const settings = settingsOf(report, prompt);
  const parts = [
    ...(model === null ? [] : [`${model.id} (sha256 ${model.sha256.slice(0, 12)}, ${model.weights}, ${model.device})`]),
    ...(prompt.promptTokens === null ? [] : [`system turn of ${prompt.promptTokens} tokens`]),
    ...(prompt.host === undefined ? [] : [`within ${prompt.host.title}`]),
    `${prompt.probes.length} ${prompt.probes.length === 1 ? 'probe' : 'probes'}`,
    `evidence: ${settings.evidence}`,
    ...(settings.decode === noDecode ? [] : [`while answering ${settings.decode}`]),
    `seed ${settings.seed}`,
  ];
  return `Measured with ${escaped(parts.join(' · '))}.`;
}

/** Makes any text literal in Markdown, in a table cell too. */
export function escaped(text: string): string {
  return text
    .replaceAll(/[\\`*_{}[\]()#+\-.!|~$]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/\r?\n/g, ' ');
}
