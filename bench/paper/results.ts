import { composites, type Composite } from './composite.ts';
import {
  accuracies,
  familiesOf,
  inGroup,
  rankCorrelations,
  type Accuracy,
  type RankCorrelation,
} from './directives.ts';
import { fairPrecision, type FairPrecision } from './fairPrecision.ts';
import { findings, type Finding } from './findings.ts';
import type { Grid } from './grid.ts';
import type { IfevalFile } from '../ifevalRows.ts';
import {
  floors,
  keepRateTable,
  leakages,
  refusals,
  type Floor,
  type KeepRate,
  type Leakage,
  type Refusals,
} from './leaks.ts';
import { forms } from './paperPrompt.ts';
import type { PaperRecord } from './records.ts';
import { retrievalTable, type Retrieval } from './retrievalTable.ts';
import { scorePrompt } from './score.ts';

export interface RunFacts {
  readonly holdfast: string;
  readonly model: { readonly id: string; readonly sha256: string };
  readonly data: { readonly file: string; readonly sha256: string; readonly rows: number };
  readonly grid: Grid;
  readonly answerTokens: number;
  readonly leakTokens: number;
  readonly lines: number;
  readonly seed: number;
}

/** `paper.json`: every table, and what a reader has to know. */
export interface PaperResults {
  readonly run: RunFacts;
  readonly notes: readonly string[];
  /** Prompts that were measured, and seconds per prompt, by experiment. */
  readonly measured: readonly { readonly experiment: string; readonly n: number; readonly secondsEach: number }[];
  readonly findings: readonly Finding[];
  /** Instructions of each family among the prompts without a defense. */
  readonly instructions: readonly { readonly family: string; readonly single: number; readonly multi: number }[];
  readonly accuracies: readonly Accuracy[];
  readonly rankCorrelations: readonly RankCorrelation[];
  readonly leakages: readonly Leakage[];
  readonly floors: readonly Floor[];
  readonly refusals: readonly Refusals[];
  readonly keepRates: readonly KeepRate[];
  readonly composites: readonly Composite[];
  readonly fairPrecision: readonly FairPrecision[];
  readonly retrieval: readonly Retrieval[];
}

export function resultsOf(records: readonly PaperRecord[], file: IfevalFile, run: RunFacts): PaperResults {
  const rows = new Map(file.rows.map((row) => [row.line, row]));
  const prompts = records.flatMap((record) =>
    record.kind === 'prompt' ? [scorePrompt(record, rows.get(record.line)!)] : [],
  );
  const retrievals = records.filter((record) => record.kind === 'retrieval');
  const undefended = prompts.filter(({ form }) => form === 'undefended');
  const { grid } = run;
  const timed = (experiment: string, some: readonly PaperRecord[]) =>
    some.length === 0
      ? []
      : [
          {
            experiment,
            n: some.length,
            secondsEach: some.reduce((sum, { seconds }) => sum + seconds, 0) / some.length,
          },
        ];
  const count = (family: string, group: 'single' | 'multi'): number =>
    undefended
      .filter((prompt) => inGroup(group, prompt))
      .reduce((sum, { row }) => sum + row.instructions.filter((each) => each.family === family).length, 0);
  const skipped = prompts.reduce((sum, { record }) => sum + record.skipped.length, 0);
  return {
    run,
    notes: [
      ...file.notes,
      `Answers end at ${run.answerTokens} tokens (to the leak query at ${run.leakTokens}), the paper's at 1280 and 256, and when they say the same for the third time: instructions about long answers fail by that. Greedy decoding.`,
      ...(skipped === 0
        ? []
        : [
            `${skipped} cells were not measured because the whitelisted clause is larger than the budget; n says how many were.`,
          ]),
    ],
    measured: [
      ...forms.flatMap((form) =>
        timed(
          form,
          prompts.filter((prompt) => prompt.form === form).map(({ record }) => record),
        ),
      ),
      ...timed('line retrieval', retrievals),
    ],
    findings: findings(prompts, retrievals, grid),
    instructions: familiesOf(undefended).map((family) => ({
      family,
      single: count(family, 'single'),
      multi: count(family, 'multi'),
    })),
    accuracies: accuracies(prompts, grid),
    rankCorrelations: rankCorrelations(undefended, grid),
    leakages: leakages(prompts, grid),
    floors: floors(prompts),
    refusals: refusals(prompts, grid),
    keepRates: keepRateTable(prompts, grid),
    composites: (['strict', 'loose'] as const).flatMap((judgement) => composites(prompts, grid, judgement)),
    fairPrecision: fairPrecision(prompts, grid.policies),
    retrieval: retrievalTable(retrievals),
  };
}
