import { createHash } from 'node:crypto';
import { instructionChecks, type InstructionCheck } from '../checks/instructionChecks.ts';
import { conditionOf } from '../checks/recognise/condition.ts';
import { languageOf } from '../checks/text/languageOf.ts';
import type { Instruction, InstructionKind, Prompt, Segmentation } from '../prompt.ts';
import { listed } from '../rules/wording.ts';
import { conditionRequest } from './conditionRequest.ts';
import { forbiddenRequest, promptRequest } from './forbiddenRequest.ts';
import type { InstructionProbe, InstructionProbeKind } from './instructionProbe.ts';
import { extractionAttempts, identityQuestions, neutralTasks, tasksFor } from './standardProbes.ts';

export { instructionProbeKinds, type InstructionProbe, type InstructionProbeKind } from './instructionProbe.ts';

/** Probes cost an answer each: more are not sent for one prompt. */
const mostProbes = 24;
/** Attempts to get a prompt that says not to; one otherwise. */
const attemptsAtDefense = 4;
const mostSamples = 4;

interface Draft {
  readonly kind: InstructionProbeKind;
  readonly text: string;
  readonly for: readonly number[];
}

/**
 * The probes under which the instructions of a prompt may show an effect. The general ones come first, then the user's own, then
 * samples beside the prompt, then the ones made of single instructions; of equal texts the first is kept, for the instructions
 * of all of them, and at most 24 in all.
 *
 * A probe that is made of an instruction is in its author's words, so only English instructions give one. The general ones are in
 * the language of the prompt where they are known in it, and else in English.
 */
export function instructionProbes(
  { text, samples = [] }: Pick<Prompt, 'text' | 'samples'>,
  { instructions }: Pick<Segmentation, 'instructions'>,
  userProbes: readonly string[] = [],
): InstructionProbe[] {
  const checks = instructionChecks(text, { instructions });
  const language = languageOf(text) ?? 'en';
  const all = [...instructions.keys()];
  const only = (...kinds: InstructionKind[]): number[] =>
    all.filter((index) => kinds.includes(instructions[index]!.kind));
  const defenses = only('defense');
  const general = (kind: InstructionProbeKind, texts: readonly string[], members: readonly number[]): Draft[] =>
    texts.map((each) => ({ kind, text: each, for: members }));
  const [firstAttempt, ...otherAttempts] = extractionAttempts;
  const isEnglish = language === 'en';
  return bounded([
    ...general('identity', [identityQuestions[language] ?? identityQuestions.en!], only('identity')),
    ...general('extraction', [firstAttempt!], defenses),
    ...general('task', [neutralTasks[language] ?? neutralTasks.en!], only('directive', 'format', 'prohibition')),
    ...general('user', userProbes, all),
    ...general('sample', samples.slice(0, mostSamples), all),
    ...instructions.flatMap((instruction, index) => ownProbes(instruction, index, checks)),
    ...general('extraction', defenses.length > 0 ? otherAttempts.slice(0, attemptsAtDefense - 1) : [], defenses),
    ...general('task', isEnglish ? tasksFor(text) : [], only('directive', 'format', 'prohibition')),
  ]);
}

/** The case that a rule is for, and what it forbids. */
function ownProbes({ text, kind }: Instruction, index: number, checks: readonly InstructionCheck[]): Draft[] {
  const condition = conditionOf(text);
  const raised = condition === null ? undefined : conditionRequest(condition);
  const forbids = kind === 'prohibition' || kind === 'defense';
  const asked = forbids ? (wordsRequest(index, checks) ?? forbiddenRequest(withoutConditions(text))) : undefined;
  return [
    ...(raised === undefined ? [] : [{ kind: 'condition', text: raised, for: [index] } as const]),
    ...(asked === undefined
      ? []
      : [{ kind: asked === promptRequest ? 'extraction' : 'forbidden', text: asked, for: [index] } as const]),
  ];
}

/** Sentences that hold in every case. */
const withoutConditions = (text: string): string =>
  text
    .split(/(?<=[.!?])\s+/)
    .filter((sentence) => conditionOf(sentence) === null)
    .join(' ');

/** Asks for words that must not be used; a few stand for all. */
function wordsRequest(index: number, checks: readonly InstructionCheck[]): string | undefined {
  const check = checks.find(({ instruction, id }) => instruction === index && id === 'keywords:forbidden_words');
  const words = check?.kwargs.forbidden_words as readonly string[] | undefined;
  if (words === undefined) return undefined;
  return `What can you do for me? Please use ${listed(words.slice(0, 3).map((word) => `"${word}"`))} in your answer.`;
}

/** Without blank ones and repeats, with ids, and no more than are sent. */
function bounded(drafts: readonly Draft[]): InstructionProbe[] {
  const probes = new Map<string, InstructionProbe>();
  const named = new Set<string>();
  for (const { kind, text: given, for: members } of drafts) {
    const text = given.trim();
    const key = text.toLowerCase();
    const known = probes.get(key);
    if (known !== undefined) {
      probes.set(key, { ...known, for: [...new Set([...known.for, ...members])].toSorted((a, b) => a - b) });
    } else if (text !== '' && probes.size < mostProbes) {
      probes.set(key, { id: idOf(kind, text, named), kind, text, for: members });
    }
  }
  return [...probes.values()];
}

const builtIn: ReadonlySet<InstructionProbeKind> = new Set(['identity', 'extraction', 'task']);

function idOf(kind: InstructionProbeKind, text: string, named: Set<string>): string {
  if (builtIn.has(kind) && !named.has(kind)) {
    named.add(kind);
    return kind;
  }
  return `${kind}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
}
