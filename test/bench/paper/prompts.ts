import type { IfevalRow } from '../../../bench/ifevalRows.ts';
import type { Form } from '../../../bench/paper/paperPrompt.ts';
import type { MeasuredCell, PromptRecord } from '../../../bench/paper/records.ts';
import { isApplicable } from '../../../src/analyzer/checks/check.ts';
import { bindCheck } from '../../../src/analyzer/checks/registry.ts';

/** Instructions that one-word answers decide: `no_comma` fails for "a,b", `quotation` passes for '"ab"' only. */
const ids = {
  punctuation: 'punctuation:no_comma',
  startend: 'startend:quotation',
  detectable_format: 'detectable_format:title',
};
export type Family = keyof typeof ids;

export function rowOf(
  line: number,
  families: readonly Family[],
  system = 'Use no commas at all in the answer.',
): IfevalRow {
  return {
    line,
    key: String(line),
    system,
    user: 'Name a colour.',
    instructions: families.map((family) => {
      const check = bindCheck(ids[family], {});
      if (!isApplicable(check)) throw new Error(`${family} is not applicable`);
      return { family, check };
    }),
  };
}

/** An answer to the user message, and to the leak query. */
export interface Said {
  readonly task: string;
  readonly leak?: string;
}
export type Cell = Pick<MeasuredCell, 'policy' | 'ratio'> &
  Partial<Pick<MeasuredCell, 'protection' | 'keep' | 'keptTokens'>> &
  Said;

/** A record of 100 tokens: 60 of the defense, 30 of the directives. */
export function recordOf(
  line: number,
  form: Form,
  full: Said,
  cells: readonly Cell[],
  others: Partial<PromptRecord> = {},
): PromptRecord {
  const answers: PromptRecord['answers'] = [];
  const index = (text: string): number => answers.push({ text, cut: false }) - 1;
  const said = ({ task, leak }: Said) => ({ task: index(task), leak: leak === undefined ? null : index(leak) });
  const defended = form !== 'undefended';
  return {
    unit: `${form}/${line}`,
    kind: 'prompt',
    form,
    line,
    promptTokens: 100,
    defenseTokens: defended ? 60 : 0,
    directiveTokens: defended ? 30 : 0,
    full: said(full),
    cells: cells.map(({ policy, ratio, protection = 'none', keptTokens, keep, ...answer }) => ({
      policy,
      ratio,
      protection,
      keptTokens: keptTokens ?? Math.max(1, Math.trunc(100 * (1 - ratio))),
      keep: keep ?? (defended ? { defense: 0.5, directives: 0.5, template: 0.5 } : null),
      ...said(answer),
    })),
    answers,
    skipped: [],
    fullLeakLogProb: defended ? -1 : null,
    tiers: [],
    seconds: 1,
    ...others,
  };
}
