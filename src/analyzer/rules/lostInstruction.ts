import type { Finding, InstructionReport, PromptReport, RuleId, Verdict } from '../report.ts';
import { clearest, firstWith, instructionGrid, worstOf, type Cell } from './grid.ts';
import { isLikely } from './prescribedAnswers.ts';
import type { RuleSettings } from './rule.ts';
import { listed, policyList, protectionTitle } from './wording.ts';

/** A policy with such a cell is never named as one that keeps the instruction. */
const notSafe: ReadonlySet<Verdict> = new Set(['evicted', 'ignored', 'not-measured']);

/** Where in the grid one instruction is lost, and what the other policies do with it. */
export interface Lost {
  readonly instruction: InstructionReport;
  /** Breaking cells, one per policy that loses it. Never empty. */
  readonly breaking: readonly Cell[];
  /** The cell whose evidence the message quotes. */
  readonly shown: Cell;
  /** Policies that do not lose it anywhere in the grid, all of it measured. */
  readonly safe: readonly string[];
  /** The rest of the grid as clauses: `held by K-Norm`, `weakened by TOVA`, `not measured throughout under H2O`. */
  readonly elsewhere: readonly string[];
  /** One sentence about the protections that keep it in the shown cell; none where none was measured to. */
  readonly keptWith: readonly string[];
}

/** Instructions with this verdict somewhere in the grid. */
export function* lostInstructions(prompt: PromptReport, verdict: Verdict, settings: RuleSettings): Generator<Lost> {
  for (const instruction of prompt.instructions) {
    const rows = instructionGrid(prompt, instruction.id, settings);
    const breaking = rows.flatMap((row) => firstWith(row, verdict) ?? []);
    const shown = clearest(breaking);
    if (shown === undefined) continue;
    const others = rows.filter((row) => firstWith(row, verdict) === undefined);
    const clause = (worst: Verdict, text: string, likely = false): string[] => {
      const cells = others.map(worstOf).filter((cell) => cell.verdict === worst && isLikely(cell.measured) === likely);
      const policies = cells.map(({ policy }) => policy);
      return policies.length === 0 ? [] : [`${text} ${policyList(policies)}`];
    };
    yield {
      instruction,
      breaking,
      shown,
      safe: others
        .filter((row) => !row.cells.some(({ verdict: other }) => notSafe.has(other)))
        .map((row) => row.policy),
      elsewhere: [
        ...clause('evicted', 'evicted by'),
        ...clause('ignored', 'ignored under'),
        ...clause('ignored', 'likely ignored under', true),
        ...clause('weakened', 'weakened by'),
        ...clause('held', 'held by'),
        ...clause('inert', `not ${verdict} by`),
        ...clause('not-measured', 'not measured throughout under'),
      ],
      keptWith: keptWith(prompt, instruction.id, shown),
    };
  }
}

/** The protections under which the instruction is not lost where it is lost without. */
function keptWith(prompt: PromptReport, instruction: string, { policy, ratio }: Cell): string[] {
  const protections = prompt.variants.flatMap((variant) => {
    if (variant.protection === null || variant.policy !== policy || variant.ratio !== ratio) return [];
    const measured = variant.instructions.find(({ id }) => id === instruction);
    return measured === undefined || notSafe.has(measured.verdict) ? [] : [protectionTitle(variant.protection)];
  });
  return protections.length === 0 ? [] : [`There it is not lost with ${listed(protections)}.`];
}

/** The parts of a finding that every lost instruction shares. */
export function lostFinding(
  prompt: PromptReport,
  rule: RuleId,
  { instruction, breaking, shown, safe }: Lost,
  rest: Pick<Finding, 'severity' | 'message' | 'rung' | 'likely'>,
): Finding {
  return {
    rule,
    ...rest,
    uri: prompt.uri,
    range: instruction.range,
    instruction: instruction.id,
    evidence: {
      breaking: breaking.map(({ policy, ratio }) => ({ policy, ratio })),
      safe: [...safe],
      influence: instruction.influence?.nats ?? null,
      probe: shown.measured?.lossProbe ?? null,
      loss: shown.measured?.loss ?? null,
      risk: largestRisk(breaking),
      retention: shown.measured?.retention ?? null,
      leak: null,
      fullLeak: null,
    },
  };
}

function largestRisk(cells: readonly Cell[]): number | null {
  const risks = cells.flatMap(({ measured }) => measured?.risk ?? []);
  return risks.length === 0 ? null : Math.max(...risks);
}
