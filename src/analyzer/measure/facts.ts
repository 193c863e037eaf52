import type { AnswerRow, Answered, CompressedCache, Mask } from '../../runtime/languageModel.ts';
import { compareSaid } from '../facts/compareSaid.ts';
import { isFactLost, type FactStatement } from '../facts/factStatement.ts';
import type { PromptFact } from '../facts/promptFacts.ts';
import { sum, type VariantMeasurement } from '../measurement.ts';
import type { AuditSettings } from '../settings.ts';
import { ladders } from './ladders.ts';
import { decodeOf, keepsAll, type Measuring, type RowsDone } from './measuring.ts';

/**
 * The user turn before a fact. Of the wordings that were tried on six prompts with 28 facts (English and German), the default model
 * states most facts after this one: 26 with the full cache, of a mean log-probability of -0.5; 18 and -1.9 after "Complete the
 * sentence as your instructions state it", which repeats what leads in. In German it states no more to German prompts.
 */
export const factQuestion = 'State the facts exactly as your instructions do.';

/**
 * Most facts that the full cache is asked for, and most of those it states that compressed caches are asked for: each takes about a
 * tenth of the time of all their other answers.
 */
const mostAsked = 16;
const mostCompared = 6;
/** Tokens beyond those of the fact: enough to see that a value ends, or how another one goes on. */
const moreTokens = 3;

/**
 * Whether each cache states the facts of the prompt: the model is asked for them, its answer is made to begin with the words that
 * lead in to a fact, and what it goes on with is compared with the fact. Facts that the full cache does not state cannot be lost,
 * and compressed caches are not asked for them. Of each policy the smallest ratio that loses a fact is searched for.
 */
export async function measureFacts(measuring: Measuring, done: RowsDone): Promise<void> {
  const { model, prefix, measurement, settings, signal } = measuring;
  const { facts, fullFacts, variants } = measurement;
  if (facts.length === 0) return;
  const clozes = await clozesOf(measuring, spread(facts, mostAsked));
  const full = await model.answer(prefix, clozes.map(rowOf({ kind: 'none' })), signal);
  for (const [i, cloze] of clozes.entries()) fullFacts.set(cloze.fact.id, statement(cloze, full[i]!));
  const stated = clozes.filter(({ fact }) => fullFacts.get(fact.id)!.outcome === 'stated');
  const compared = spread(stated, mostCompared);
  for (const { fact } of compared) {
    for (const { cache, facts: ofVariant } of variants) {
      if (isFull(cache, settings)) ofVariant.set(fact.id, fullFacts.get(fact.id)!);
    }
  }
  const changed = variants.filter(({ cache }) => !isFull(cache, settings));
  const searches = ladders(changed).flatMap((ladder) => compared.map((cloze) => new Search(cloze, ladder)));
  const most = searches.reduce((total, { ladder }) => total + Math.ceil(Math.log2(ladder.length + 1)), 0);
  const decode = decodeOf(settings);
  for (let asked = 0; ;) {
    const open = searches.filter(({ isOpen }) => isOpen);
    if (open.length === 0) break;
    const before = asked;
    const rows = open.map(({ cloze, next }) => ({
      ...rowOf({ kind: 'variant', variant: next.cache.variant })(cloze),
      decode,
    }));
    const answers = await model.answer(prefix, rows, signal, (rowsDone) => done(before + rowsDone, most));
    for (const [i, search] of open.entries()) {
      search.tell(statement(search.cloze, answers[i]!), fullFacts.get(search.cloze.fact.id)!);
    }
    asked += open.length;
  }
  for (const search of searches) search.settle();
}

/** Nothing is evicted, before the answer or while it is given. */
const isFull = (cache: CompressedCache, settings: AuditSettings): boolean =>
  decodeOf(settings) === undefined && keepsAll(cache);

/**
 * The search for the smallest ratio at which a policy loses a fact. Halving the ratios asks half as many of them: what is not lost at
 * one is taken as not lost at smaller ones, what is lost at one as lost at larger ones, and these say at which they were asked.
 */
class Search {
  readonly #asked = new Map<number, FactStatement>();
  /** Largest index that is known not to lose it, and smallest that does. */
  #held = -1;
  #lost: number;

  constructor(
    readonly cloze: Cloze,
    readonly ladder: readonly VariantMeasurement[],
  ) {
    this.#lost = ladder.length;
  }

  get isOpen(): boolean {
    return this.#lost - this.#held > 1;
  }

  get next(): VariantMeasurement {
    return this.ladder[this.#middle]!;
  }

  get #middle(): number {
    return (this.#held + this.#lost) >> 1;
  }

  /** What `next` makes of the fact. */
  tell(statement: FactStatement, full: FactStatement): void {
    const index = this.#middle;
    this.#asked.set(index, statement);
    if (isFactLost(full, statement)) this.#lost = index;
    else this.#held = index;
  }

  /** Gives every variant what it was asked, or what decides it. */
  settle(): void {
    const asked = [...this.#asked.keys()].toSorted((a, b) => a - b);
    for (const [index, { facts }] of this.ladder.entries()) {
      const decisive =
        index <= this.#held ? asked.find((other) => other >= index)! : asked.findLast((other) => other <= index)!;
      const statement = this.#asked.get(decisive)!;
      const { ratio } = this.ladder[decisive]!.spec;
      facts.set(this.cloze.fact.id, decisive === index ? statement : { ...statement, askedAt: ratio });
    }
  }
}

/** A fact to be completed: the user turn with what leads in to it, and the tokens of its value. */
interface Cloze {
  readonly fact: PromptFact;
  readonly suffix: Int32Array;
  readonly target: Int32Array;
  /** The end of what leads in, where the first token of the value begins in it. */
  readonly head: string;
}

async function clozesOf({ model, measurement, signal }: Measuring, facts: readonly PromptFact[]): Promise<Cloze[]> {
  const question = await model.encodeUser(measurement.turn.text, factQuestion, signal);
  const clozes: Cloze[] = [];
  for (const fact of facts) {
    const { leadIn, text } = fact;
    // Encoded as one text: on its own, a value would begin with another token than after a space.
    const { ids, starts, ends } = await model.encodeAnswer(leadIn + text, signal);
    const first = ends.findIndex((end) => end > leadIn.length);
    clozes.push({
      fact,
      suffix: Int32Array.of(...question, ...ids.subarray(0, first)),
      target: ids.slice(first),
      head: leadIn.slice(starts[first]),
    });
  }
  return clozes;
}

const rowOf =
  (mask: Mask) =>
  ({ suffix, target }: Cloze): AnswerRow => ({ mask, suffix, target, maxTokens: target.length + moreTokens });

function statement({ fact, head }: Cloze, { generated, comparison }: Answered): FactStatement {
  const { text } = generated;
  const said = text.startsWith(head) ? text.slice(head.length) : text.trimStart();
  const { outcome, value } = compareSaid(fact, fact.leadIn, said);
  return { logProb: sum(comparison.logProbs), outcome, said: value };
}

/** At most so many, evenly from the first to the last: policies differ in which part of a prompt they keep. */
function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))]!);
}
