import type { FactVerdict } from '../analyzer/facts/factVerdict.ts';
import type { Position } from '../analyzer/prompt.ts';
import type { FactReport, PromptReport, Report } from '../analyzer/report.ts';
import { factGrid, type FactCell } from '../analyzer/rules/factGrid.ts';
import { percent, policyTitle, quoted } from '../analyzer/rules/wording.ts';
import { settingsOf } from '../analyzer/settingsOf.ts';
import { contains, escaped } from './evidenceHover.ts';
import type { DocumentResult } from './results.ts';

const symbols: Readonly<Record<FactVerdict, string>> = { stated: '●', unsettled: '◐', lost: '○', 'not-measured': '?' };

/** The fact at a position of the document that the full cache was asked for, with the prompt that states it. */
export function factAt(
  result: Pick<DocumentResult, 'prompts'>,
  position: Position,
): { prompt: PromptReport; fact: FactReport } | undefined {
  for (const prompt of result.prompts) {
    const fact = prompt.facts?.find(({ full, range }) => full !== null && contains(range, position));
    if (fact !== undefined) return { prompt, fact };
  }
  return undefined;
}

/** What each cache makes of a fact as Markdown: a row per policy, a column per ratio. */
export function factMarkdown(prompt: PromptReport, fact: FactReport, report: Report): string {
  const { outcome, said, logProb } = fact.full!;
  const head = `**Holdfast** · fact: ${fact.kind}`;
  if (outcome !== 'stated') {
    return [head, '', `This model does not state it even with the full cache: it says ${escaped(quoted(said))}.`].join(
      '\n',
    );
  }
  const settings = settingsOf(report, prompt);
  const ratios = settings.ratios.toSorted((a, b) => a - b);
  return [
    head,
    '',
    `Stated with the full cache (log-probability ${escaped(logProb.toFixed(1))}).`,
    '',
    `| Policy | ${ratios.map((ratio) => `${percent(ratio)} evicted`).join(' | ')} |`,
    `|:--|${ratios.map(() => ':--|').join('')}`,
    ...factGrid(prompt, fact.id, settings).map(
      ({ policy, cells }) => `| ${escaped(policyTitle(policy))} | ${cells.map(cellText).join(' | ')} |`,
    ),
  ].join('\n');
}

function cellText({ verdict, measured }: FactCell): string {
  const word = `${symbols[verdict]} ${verdict.replace('-', ' ')}`;
  const saysOther = measured !== undefined && measured.outcome !== 'stated' && measured.askedAt === undefined;
  return saysOther ? `${word}: ${escaped(quoted(measured.said))}` : word;
}
