import { audit, type ModelLoader } from './audit.ts';
import { LineIndex } from './fileRanges.ts';
import type { AuditInput, AuditOutcome, AuditProgress } from './outcome.ts';
import { progressStream } from './progressStream.ts';
import type { Prompt } from './prompt.ts';
import { reorderings, type Candidate } from './reordering/candidates.ts';
import { compareOrders, countedInstructions, scoreOrder } from './reordering/orderScore.ts';
import type { Fix, OrderScore, PromptReport, Report } from './report.ts';
import { noResultStore, type ResultStore } from './resultStore.ts';
import { segment } from './segmentation/index.ts';
import { segmentPrompt } from './segmentPrompt.ts';
import type { AuditSettings } from './settings.ts';
import { writeBack } from './writeBack.ts';

export interface ReorderOutcome {
  readonly status: 'completed' | 'cancelled' | 'failed';
  /** The best order whose measurement improved; null when none did. */
  readonly fix: Fix | null;
  /** Why there is none, or how many orders were tried. */
  readonly reason: string;
  /** The audit of the order as it stands. */
  readonly before: Report;
  readonly error?: Error;
}

/** Orders that are measured in full; the others are ruled out by what their variants keep. */
const measuredOrders = 3;
/** An order is offered only if it lowers the harm by this much: less is the noise of one greedy answer. */
const leastImprovement = 0.02;
/** An order with a caution must beat one without by this much. */
const cautionCost = 0.05;

/**
 * Searches orders of the prompt's blocks. Every order is prefilled again and ranked by what its variants keep; the best are
 * audited like the prompt itself, and the best of those is offered if it measured better. Words never change.
 */
export function reorder(
  input: AuditInput,
  loadModel: ModelLoader,
  settings: AuditSettings,
  signal: AbortSignal,
  store: ResultStore = noResultStore,
): AsyncGenerator<AuditProgress, ReorderOutcome, void> {
  return progressStream((emit) => search(input, loadModel, settings, signal, store, emit));
}

type Emit = (progress: AuditProgress) => void;

async function search(
  input: AuditInput,
  loadModel: ModelLoader,
  given: AuditSettings,
  signal: AbortSignal,
  store: ResultStore,
  emit: Emit,
): Promise<ReorderOutcome> {
  // Sampling every order would take an hour; what loss says is compared with what loss says.
  const settings: AuditSettings = given.evidence === 'behavior' ? { ...given, evidence: 'loss' } : given;
  /** Share of the whole work of one full audit, of which there are 1 + measuredOrders, besides the ranking. */
  const step = 1 / (measuredOrders + 2);
  const audited = async (of: AuditInput, with_: AuditSettings, start: number, share: number, message: string) =>
    await drain(audit([of], loadModel, with_, signal, store), ({ fraction }) => {
      emit({ phase: 'reorder', fraction: start + share * fraction, message });
    });

  const first = await audited(input, settings, 0, step, 'Measuring the order as it stands');
  const stop = (outcome: AuditOutcome): ReorderOutcome => ({
    status: outcome.status,
    fix: null,
    reason: outcome.report.reason ?? 'not completed',
    before: first.report,
    ...(outcome.error === undefined ? {} : { error: outcome.error }),
  });
  const none = (reason: string): ReorderOutcome => ({ status: 'completed', fix: null, reason, before: first.report });
  if (first.status !== 'completed') return stop(first);

  const before = first.report.prompts[0]!;
  const counted = countedInstructions(before, settings.influenceFloor);
  const scoreBefore = scoreOrder(before, counted);
  if (scoreBefore.lost === 0 && scoreBefore.leak < settings.leakThreshold) {
    return none('No instruction with a measured influence is lost: there is nothing to gain.');
  }
  const targets = segmentPrompt(input.prompt)
    .instructions.filter(({ text }) => counted.has(text))
    .map(({ range }) => range);
  const orders = reorderings(input.prompt.text, segment(input.prompt.text), targets);
  if (orders.length === 0) return none('No block can be moved without changing the meaning of the prompt.');
  const { candidates, refused } = await writable(input, orders);
  if (candidates.length === 0) return none(`No other order can be written into the file: ${refused}.`);

  const ranked: { candidate: WritableOrder; score: OrderScore }[] = [];
  const quick: AuditSettings = { ...settings, evidence: 'retention' };
  for (const [i, candidate] of candidates.entries()) {
    const start = step * (1 + i / candidates.length);
    const outcome = await audited(
      reordered(input, candidate),
      quick,
      start,
      step / candidates.length,
      `Ranking ${candidates.length} orders`,
    );
    if (outcome.status !== 'completed') return stop(outcome);
    ranked.push({ candidate, score: scoreOrder(outcome.report.prompts[0]!, counted) });
  }
  ranked.sort((a, b) => a.score.harm - b.score.harm || a.candidate.cautions.length - b.candidate.cautions.length);

  let best: { candidate: WritableOrder; report: PromptReport; score: OrderScore; cost: number } | null = null;
  for (const [i, { candidate }] of ranked.slice(0, measuredOrders).entries()) {
    const message = `Measuring order ${i + 1} of ${Math.min(measuredOrders, ranked.length)}`;
    const outcome = await audited(reordered(input, candidate), settings, step * (2 + i), step, message);
    if (outcome.status !== 'completed') return stop(outcome);
    const report = outcome.report.prompts[0]!;
    const score = scoreOrder(report, counted);
    if (!isBetter(scoreBefore, before, score, report, settings)) continue;
    const cost = score.harm + (candidate.cautions.length > 0 ? cautionCost : 0);
    if (best === null || cost < best.cost) best = { candidate, report, score, cost };
  }
  const tried = `${candidates.length} orders were prefilled again, ${Math.min(measuredOrders, ranked.length)} measured in full`;
  if (best === null) return none(`No order measured better: ${tried}.`);
  const { candidate, report, score } = best;
  const fix: Fix = {
    kind: 'reorder',
    title: candidate.title,
    cautions: [...candidate.cautions],
    edits: [candidate.edit],
    newText: candidate.text,
    before: scoreBefore,
    after: score,
    cells: compareOrders(before, report, counted),
  };
  return { status: 'completed', fix, reason: `The best of the orders tried: ${tried}.`, before: first.report };
}

/** Less harm in all, without a new leak: neither a compressed nor the full cache may disclose more than before. */
function isBetter(
  scoreBefore: OrderScore,
  before: PromptReport,
  scoreAfter: OrderScore,
  after: PromptReport,
  { leakThreshold }: AuditSettings,
): boolean {
  const fullLeakBefore = before.fullLeak?.directives ?? 0;
  const fullLeakAfter = after.fullLeak?.directives ?? 0;
  return (
    scoreAfter.harm <= scoreBefore.harm - leastImprovement &&
    scoreAfter.leak <= Math.max(scoreBefore.leak, leakThreshold) &&
    fullLeakAfter < Math.max(leakThreshold, fullLeakBefore + leastImprovement)
  );
}

/** The same prompt with its blocks in another order, as a prompt that fills its file. */
function reordered({ prompt }: AuditInput, { text }: Candidate): AuditInput {
  const whole = { start: 0, end: text.length };
  const { limits: _, notes: __, ...rest } = prompt;
  const moved: Prompt = { ...rest, text, segments: [{ text: whole, file: whole, verbatim: true }] };
  return { prompt: moved, fileText: text };
}

interface WritableOrder extends Candidate {
  readonly edit: Fix['edits'][number];
}

/** The orders that the file can hold, each with the edit that writes it; and why the last other one cannot be written. */
async function writable({ prompt, fileText, reread }: AuditInput, orders: readonly Candidate[]) {
  const candidates: WritableOrder[] = [];
  const lines = new LineIndex(fileText);
  let refused = '';
  for (const order of orders) {
    const written = await writeBack(prompt, fileText, order.text, reread);
    if ('refused' in written) refused = written.refused;
    else {
      const { range, newText } = written.edit;
      candidates.push({ ...order, edit: { range: lines.rangeOf(range), newText } });
    }
  }
  return { candidates, refused };
}

/** Runs a stream to its end and returns its result. */
async function drain<T, R>(stream: AsyncGenerator<T, R, void>, each: (item: T) => void): Promise<R> {
  for (;;) {
    const next = await stream.next();
    if (next.done === true) return next.value;
    each(next.value);
  }
}
