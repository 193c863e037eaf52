import type { AnswerRow, Answered, Mask } from '../../runtime/languageModel.ts';
import { compareSaid } from '../facts/compareSaid.ts';
import type { FactStatement } from '../facts/factStatement.ts';
import type { PromptFact } from '../facts/promptFacts.ts';
import { sum } from '../measurement.ts';
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
 * and compressed caches are not asked for them.
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
  const decode = decodeOf(settings);
  const changed = variants.filter(({ cache }) => decode !== undefined || !keepsAll(cache));
  const rows = changed.flatMap(({ cache }) =>
    compared.map((cloze) => ({ ...rowOf({ kind: 'variant', variant: cache.variant })(cloze), decode })),
  );
  const answers = rows.length === 0 ? [] : await model.answer(prefix, rows, signal, done);
  for (const variant of variants) {
    const at = changed.indexOf(variant);
    for (const [i, cloze] of compared.entries()) {
      const { id } = cloze.fact;
      variant.facts.set(id, at < 0 ? fullFacts.get(id)! : statement(cloze, answers[at * compared.length + i]!));
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
