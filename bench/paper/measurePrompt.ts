import type { KeptSet } from '../../src/cache/keptSet.ts';
import type { CacheRequest } from '../../src/cache/cacheRequest.ts';
import type { Range } from '../../src/cache/layerObservation.ts';
import { importanceCount } from '../../src/cache/mikv/importanceTier.ts';
import { defaultImportanceRatio, parseMikvPrecision } from '../../src/cache/mikv/mikvSettings.ts';
import { ratioThatKeeps } from '../../src/cache/ratioThatKeeps.ts';
import { keepRates } from '../../src/cache/retention.ts';
import { HoldfastError } from '../../src/errors.ts';
import type { GenerateRow, Mask, PrefixHandle } from '../../src/runtime/languageModel.ts';
import type { Pause } from '../../src/runtime/simulator/pause.ts';
import type { Simulator } from '../../src/runtime/simulator/simulator.ts';
import { gridCells, protectionsOf, randomPolicy, requestOf, type Grid, type GridCell } from './grid.ts';
import type { IfevalRow } from '../ifevalRows.ts';
import { leakQuery, paperPrompt, partTokens, type Form, type PartTokens } from './paperPrompt.ts';
import type { MeasuredCell, PromptRecord, TierRecord } from './records.ts';

export interface AnswerLimits {
  /** Longest answer to the user message, in tokens. */
  readonly task: number;
  /** Longest answer to the leak query. */
  readonly leak: number;
}

/** Two cells that keep the same entries give the same answers. */
interface DistinctCache {
  readonly mask: Mask;
  task: number;
  leak: number | null;
}

/**
 * One row in one form under every cache of the grid: one prefill, and one batch of greedy answers to the user message and,
 * where there is a defense, to the leak query.
 */
export async function measurePrompt(
  simulator: Simulator,
  row: IfevalRow,
  form: Form,
  grid: Grid,
  limits: AnswerLimits,
  pause: Pause,
): Promise<Omit<PromptRecord, 'unit' | 'seconds'>> {
  const prompt = paperPrompt(form, row.system);
  const turn = simulator.encodeSystem(prompt.text);
  const promptTokens = turn.ids.length;
  const parts = partTokens(turn, prompt);
  const cells = gridCells(grid, parts !== null);
  const request = (cell: GridCell): CacheRequest => requestOf(cell, parts, promptTokens, row.line);
  const tierRequests = parts === null ? [] : tierCells(grid).map((cell) => mikvRequest(cell, parts, promptTokens));
  const prefix = await simulator.prefill(turn.ids, [...cells.map(request), ...tierRequests], pause);
  try {
    const full: DistinctCache = { mask: { kind: 'none' }, task: 0, leak: null };
    const distinct = new Map<string, DistinctCache>();
    const measured: { readonly cell: Omit<MeasuredCell, 'task' | 'leak'>; readonly cache: DistinctCache }[] = [];
    const skipped: GridCell[] = [];
    for (const cell of cells) {
      const compressed = compressOrSkip(simulator, prefix, request(cell));
      if (compressed === null) {
        skipped.push(cell);
        continue;
      }
      const { variant, kept, keptTokens, isChanged } = compressed;
      const key = isChanged ? `variant ${variant}` : keyOf(kept);
      const cache = distinct.get(key) ?? { mask: { kind: 'variant', variant }, task: 0, leak: null };
      distinct.set(key, cache);
      measured.push({ cell: { ...cell, keptTokens, keep: parts === null ? null : partShares(kept, parts) }, cache });
    }
    const answers = await answersOf(simulator, prefix, prompt.text, row.user, parts !== null, limits, pause, [
      full,
      ...distinct.values(),
    ]);
    const leaks = parts === null ? null : await leakLikelihoods(simulator, prefix, prompt, parts, grid, pause);
    return {
      kind: 'prompt',
      form,
      line: row.line,
      promptTokens,
      defenseTokens: parts === null ? 0 : lengthOf(parts.defense),
      directiveTokens: parts === null ? 0 : lengthOf(parts.directives),
      answers,
      full: { task: full.task, leak: full.leak },
      cells: measured.map(({ cell, cache: { task, leak } }) => ({ ...cell, task, leak })),
      skipped,
      fullLeakLogProb: leaks?.full ?? null,
      tiers: leaks?.tiers ?? [],
    };
  } finally {
    simulator.release(prefix);
  }
}

function compressOrSkip(simulator: Simulator, prefix: PrefixHandle, request: CacheRequest) {
  try {
    return simulator.compress(prefix, request);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'protection-exceeds-budget') return null;
    throw error;
  }
}

const keyOf = ({ bits }: KeptSet): string =>
  Buffer.from(bits.buffer, bits.byteOffset, bits.byteLength).toString('latin1');

const lengthOf = ({ start, end }: Range): number => end - start;

function partShares(kept: KeptSet, { defense, directives }: PartTokens): NonNullable<MeasuredCell['keep']> {
  const rates = keepRates(kept);
  const sum = (values: Float64Array): number => values.reduce((total, rate) => total + rate, 0);
  const inDefense = sum(rates.subarray(defense.start, defense.end));
  const inDirectives = sum(rates.subarray(directives.start, directives.end));
  const template = rates.length - lengthOf(defense) - lengthOf(directives);
  const share = (total: number, tokens: number): number => Math.min(1, Math.max(0, total / tokens));
  return {
    defense: share(inDefense, lengthOf(defense)),
    directives: share(inDirectives, lengthOf(directives)),
    template: template === 0 ? 0 : share(sum(rates) - inDefense - inDirectives, template),
  };
}

/** Answers of all caches to all queries in one batch; fills in `task` and `leak`, and returns each distinct text once. */
async function answersOf(
  simulator: Simulator,
  prefix: PrefixHandle,
  system: string,
  user: string,
  asksForLeak: boolean,
  limits: AnswerLimits,
  pause: Pause,
  caches: readonly DistinctCache[],
): Promise<PromptRecord['answers']> {
  const rowsOf = (query: string, maxTokens: number): GenerateRow[] => {
    const suffix = simulator.encodeUser(system, query);
    return caches.map(({ mask }) => ({ mask, suffix, maxTokens }));
  };
  const asked = [...rowsOf(user, limits.task), ...(asksForLeak ? rowsOf(leakQuery, limits.leak) : [])];
  const generated = await simulator.generate(prefix, asked, pause);
  const answers: PromptRecord['answers'] = [];
  const known = new Map<string, number>();
  const indices = generated.map(({ text, truncated }) => {
    const key = `${truncated} ${text}`;
    const index = known.get(key) ?? answers.push({ text, cut: truncated }) - 1;
    known.set(key, index);
    return index;
  });
  for (const [i, cache] of caches.entries()) {
    cache.task = indices[i]!;
    cache.leak = asksForLeak ? indices[caches.length + i]! : null;
  }
  return answers;
}

interface TierCell {
  readonly policy: string;
  readonly fair: boolean;
}

/** Mixed precision with each policy's choice at high precision, and with equal shares of it ("fair precision"). */
const tierCells = ({ policies, protections }: Grid): TierCell[] =>
  protections.includes('fair')
    ? policies
        .filter((policy) => policy !== randomPolicy)
        .flatMap((policy) => [false, true].map((fair) => ({ policy, fair })))
    : [];

const mikvRequest = ({ policy, fair }: TierCell, parts: PartTokens, promptTokens: number): CacheRequest => ({
  kind: 'mixed-precision',
  policy,
  importantTokens: importanceCount(promptTokens, defaultImportanceRatio),
  precision: parseMikvPrecision({ retained: 2 }),
  split: 'heavy',
  ...(fair ? { protections: protectionsOf('fair', parts, promptTokens)! } : {}),
});

/** How likely the full cache and each tier make the directives, word for word, as the answer to the leak query. */
async function leakLikelihoods(
  simulator: Simulator,
  prefix: PrefixHandle,
  { text, directives }: { readonly text: string; readonly directives: string },
  parts: PartTokens,
  grid: Grid,
  pause: Pause,
): Promise<{ readonly full: number; readonly tiers: TierRecord[] }> {
  const suffix = simulator.encodeUser(text, leakQuery);
  const target = simulator.tokenizer.encode(directives, { plainRanges: [[0, directives.length]] }).ids;
  const logProbOf = async (mask: Mask): Promise<number> => {
    const [compared] = await simulator.compare(prefix, [{ mask, suffix, target }], pause);
    return compared!.logProbs.reduce((sum, value) => sum + value, 0) / target.length;
  };
  const full = await logProbOf({ kind: 'none' });
  const tiers: TierRecord[] = [];
  for (const cell of tierCells(grid)) {
    // One after the other: only the last cache of its own keys and values is held.
    const { variant, bytes } = simulator.compress(prefix, mikvRequest(cell, parts, prefix.seqLen));
    const leakLogProb = await logProbOf({ kind: 'variant', variant });
    const { defense, directives: inDirectives } = partShares(tierOf(simulator, prefix, cell, parts), parts);
    tiers.push({ ...cell, bytes, high: { defense, directives: inDirectives }, leakLogProb });
  }
  return { full, tiers };
}

/** The entries of a tier: what its policy would keep of as many. */
function tierOf(simulator: Simulator, prefix: PrefixHandle, { policy, fair }: TierCell, parts: PartTokens): KeptSet {
  const count = importanceCount(prefix.seqLen, defaultImportanceRatio);
  const protections = fair ? protectionsOf('fair', parts, prefix.seqLen) : undefined;
  return simulator.compress(prefix, {
    kind: 'eviction',
    policy,
    ratio: ratioThatKeeps(count, prefix.seqLen),
    ...(protections === undefined ? {} : { protections }),
  }).kept;
}
