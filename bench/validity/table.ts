import { riskOf } from '../../src/analyzer/evidence/risk.ts';
import { auroc, bootstrapInterval, type Scored } from './auroc.ts';
import { crossValidated } from './fit.ts';
import { fittedSignals } from './fittedSignals.ts';
import type { Coverage, Pair } from './pairs.ts';

/** How well one number tells the pairs whose effect is lost from the others. */
export interface PredictorRow {
  readonly predictor: string;
  /** NaN where all pairs, or none, are lost. */
  readonly auroc: number;
  /** 95 %, by bootstrap over prompts. */
  readonly low: number;
  readonly high: number;
}

export interface ValidityTable {
  readonly set: string;
  readonly prompts: number;
  readonly instructions: number;
  readonly pairs: number;
  readonly lost: number;
  readonly coverage: Coverage;
  readonly predictors: readonly PredictorRow[];
  /** Pairs by predicted risk: what share of them is lost. */
  readonly calibration: readonly {
    readonly from: number;
    readonly pairs: number;
    readonly risk: number;
    readonly lost: number;
  }[];
}

export const crossValidatedName = 'risk score, cross-validated by prompt';

/** One set's table. `fitting`: all pairs that coefficients are fitted on in cross-validation, this set's among them. */
export function validityTable(
  set: string,
  pairs: readonly Pair[],
  coverage: Coverage,
  fitting: readonly Pair[],
  seed: number,
): ValidityTable {
  const row = (predictor: string, scored: readonly Scored[]): PredictorRow => ({
    predictor,
    auroc: auroc(scored),
    ...bootstrapInterval(scored, seed),
  });
  const scoredBy = (score: (pair: Pair) => number): Scored[] =>
    pairs.map((pair) => ({ prompt: pair.prompt, isLost: pair.isLost, score: score(pair) }));
  const own = new Set(pairs.map(({ prompt }) => prompt));
  const held = crossValidated(fitting, fittedSignals).filter(({ prompt }) => own.has(prompt));
  return {
    set,
    prompts: own.size,
    instructions: new Set(pairs.map(({ instruction }) => instruction)).size,
    pairs: pairs.length,
    lost: pairs.filter(({ isLost }) => isLost).length,
    coverage,
    predictors: [
      ...Object.keys(pairs[0]?.baselines ?? {}).map((name) =>
        row(
          name,
          scoredBy(({ baselines }) => baselines[name]!),
        ),
      ),
      row(crossValidatedName, held),
      row(
        'risk score, as shipped',
        scoredBy(({ signals }) => riskOf(signals)),
      ),
    ],
    calibration: calibrationOf(held),
  };
}

const bins = [0, 0.2, 0.4, 0.6, 0.8];

function calibrationOf(scored: readonly Scored[]): ValidityTable['calibration'] {
  return bins.map((from, i) => {
    const to = bins[i + 1] ?? Infinity;
    const within = scored.filter(({ score }) => score >= from && score < to);
    const mean = (of: (each: Scored) => number): number =>
      within.length === 0 ? 0 : within.reduce((sum, each) => sum + of(each), 0) / within.length;
    return {
      from,
      pairs: within.length,
      risk: mean(({ score }) => score),
      lost: mean(({ isLost }) => (isLost ? 1 : 0)),
    };
  });
}

/** The tables as Markdown: predictors in rows, sets in columns. */
export function markdown(tables: readonly ValidityTable[]): string {
  const cells = (first: string, of: (table: ValidityTable) => string): string =>
    `| ${[first, ...tables.map(of)].join(' | ')} |`;
  const two = (value: number): string => (Number.isNaN(value) ? '-' : value.toFixed(2));
  const names = tables[0]?.predictors.map(({ predictor }) => predictor) ?? [];
  return [
    cells('AUROC for "effect survival < 0.5"', ({ set }) => set),
    cells('---', () => '---'),
    ...names.map((name) =>
      cells(name, ({ predictors }) => {
        const found = predictors.find(({ predictor }) => predictor === name);
        return found === undefined ? '-' : `${two(found.auroc)} (${two(found.low)} to ${two(found.high)})`;
      }),
    ),
    cells('pairs, lost', ({ pairs, lost }) => `${pairs}, ${lost}`),
    cells('instructions, prompts', ({ instructions, prompts }) => `${instructions}, ${prompts}`),
    cells(
      'checks: asked, located, passing, effective, with influence',
      ({ coverage: { asked, located, passing, effective, influential } }) =>
        [asked, located, passing, effective, influential].join(', '),
    ),
    cells('share of passing checks that qualifies', ({ coverage: { passing, influential } }) =>
      two(influential / passing),
    ),
    '',
    'Calibration of the cross-validated score (share of pairs that are lost, by predicted risk):',
    '',
    cells('predicted', ({ set }) => set),
    cells('---', () => '---'),
    ...bins.map((from, i) =>
      cells(`${from} to ${bins[i + 1] ?? 1}`, ({ calibration }) => {
        const { pairs, risk, lost } = calibration[i]!;
        return pairs === 0 ? 'no pairs' : `${two(lost)} lost, ${two(risk)} predicted, ${pairs} pairs`;
      }),
    ),
  ].join('\n');
}
