import { isApplicable, type BoundCheck } from './check.ts';
import type { InstructionCheck } from './instructionChecks.ts';
import { bindCheck } from './registry.ts';

/** Two instructions of a prompt that hardly hold together. */
export interface Conflict {
  /** Indices into the instructions of the prompt, ascending. */
  readonly instructions: readonly [number, number];
  /** What each of them asks for, as a clause about the response. */
  readonly asks: readonly [string, string];
  /** No response can obey both; otherwise it is hard to. */
  readonly isCertain: boolean;
}

interface Asked {
  readonly instruction: number;
  readonly check: BoundCheck;
  readonly condition: string | null;
  /** What the sentence speaks of where that is a part of the response: "summary". */
  readonly part: string;
}

/**
 * Pairs of instructions that cannot both hold, by the checks that they ask for: one conflict per pair, the certain ones where
 * there are several. Without a model, and without a word about instructions that no check is known for.
 *
 * The pairs are those of IFEval's table of checks that are not combined, as far as logic, and not only the benchmark, keeps
 * them apart. Two rules for different cases do not conflict, nor do two about different parts of the response.
 */
export function conflictsOf(text: string, checks: readonly InstructionCheck[]): Conflict[] {
  const asked = checks.flatMap(({ id, kwargs, instruction, condition, range }): Asked[] => {
    const check = bindCheck(id, id === 'combination:repeat_prompt' ? { prompt_to_repeat: ' … ' } : kwargs);
    if (!isApplicable(check)) return [];
    return [
      {
        instruction,
        check,
        condition: condition?.toLowerCase() ?? null,
        part: partOf(text.slice(range.start, range.end)),
      },
    ];
  });
  const found = new Map<string, Conflict>();
  for (const [index, first] of asked.entries()) {
    for (const second of asked.slice(index + 1)) {
      const isCertain = first.instruction !== second.instruction ? certaintyOf(first, second) : undefined;
      if (isCertain === undefined) continue;
      const [a, b] = first.instruction < second.instruction ? [first, second] : [second, first];
      const key = `${a.instruction} ${b.instruction}`;
      const known = found.get(key);
      if (known !== undefined && (known.isCertain || !isCertain)) continue;
      found.set(key, {
        instructions: [a.instruction, b.instruction],
        asks: [a.check.description, b.check.description],
        isCertain,
      });
    }
  }
  return [...found.values()].toSorted(
    (a, b) => a.instructions[1] - b.instructions[1] || a.instructions[0] - b.instructions[0],
  );
}

const parts =
  /\b(summar(?:y|ies)|introductions?|conclusions?|sections?|paragraphs?|bullets?|items?|entr(?:y|ies)|titles?|descriptions?|captions?|comments?|examples?|steps?|explanations?|first|last|drafts?|quotes?|(?:each|every|per)(?= (?!repl|response|answer|message|output)))\b/giu;

/** Words that say what part of a response a sentence is about; how often something occurs is not meant. */
function partOf(sentence: string): string {
  const named = sentence.match(parts) ?? [];
  return [...new Set(named.map((word) => word.toLowerCase()))].toSorted().join(' ');
}

/** True: no response obeys both; false: hardly any; undefined: nothing is known against it. */
function certaintyOf(first: Asked, second: Asked): boolean | undefined {
  if (first.condition !== second.condition) return undefined;
  if (excludes(first, second) || excludes(second, first)) return true;
  const hinders = (a: Asked, b: Asked): boolean => hindered[a.check.id]?.includes(b.check.id) === true;
  return hinders(first, second) || hinders(second, first) ? false : undefined;
}

/** A check that leaves little room for others, and what it leaves no place for. */
const hindered: Readonly<Record<string, readonly string[]>> = {
  'detectable_format:json_format': [
    'combination:repeat_prompt',
    'combination:two_responses',
    'detectable_content:postscript',
    'detectable_format:multiple_sections',
    'detectable_format:number_bullet_lists',
    'detectable_format:number_highlighted_sections',
    'detectable_format:title',
    'length_constraints:nth_paragraph_first_word',
    'length_constraints:number_paragraphs',
    'punctuation:no_comma',
    'reply:starts_with',
    'startend:end_checker',
    'startend:quotation',
    'style:bullets',
    'style:paragraphs',
  ],
  'combination:repeat_prompt': [
    'change_case:english_capital',
    'change_case:english_lowercase',
    'combination:two_responses',
    'language:response_language',
    'reply:starts_with',
    'startend:quotation',
  ],
  'length_constraints:number_paragraphs': ['length_constraints:nth_paragraph_first_word'],
  'style:no_markdown': [
    'detectable_format:number_bullet_lists',
    'detectable_format:number_highlighted_sections',
    'style:bullets',
  ],
  'change_case:english_capital': ['change_case:capital_word_frequency'],
};

function excludes({ check: a, part }: Asked, { check: b, part: otherPart }: Asked): boolean {
  const isSame = a.id === b.id && part === otherPart;
  switch (a.id) {
    case 'change_case:english_lowercase':
      return (
        b.id === 'change_case:english_capital' ||
        (b.id === 'change_case:capital_word_frequency' && b.kwargs.capital_relation === 'at least')
      );
    case 'language:response_language':
      return isSame && a.kwargs.language !== b.kwargs.language;
    case 'startend:end_checker': {
      const [one, other] = [lower(a.kwargs.end_phrase), lower(b.kwargs.end_phrase)];
      return isSame && !one.endsWith(other) && !other.endsWith(one);
    }
    case 'reply:starts_with': {
      const [one, other] = [lower(a.kwargs.phrase), lower(b.kwargs.phrase)];
      return isSame && !one.startsWith(other) && !other.startsWith(one);
    }
    case 'keywords:forbidden_words':
    case 'style:banned_words': {
      const required = requiredWords(b);
      return required.some((word) => !a.passes(word));
    }
    case 'reply:only': {
      const options = a.kwargs.options as readonly string[];
      return (
        b.id !== 'reply:refusal' &&
        b.id !== 'reply:prescribed' &&
        options.every((option) => !b.passes(option)) &&
        isLongForm(b)
      );
    }
    default: {
      const [one, other] = [rangeOf(a), rangeOf(b)];
      if (one === undefined || other === undefined || part !== otherPart) return false;
      return one.measure === other.measure && (one.least > other.most || other.least > one.most);
    }
  }
}

const lower = (value: unknown): string => String(value).toLowerCase();

/** Words that a check requires to stand in the response. */
function requiredWords({ id, kwargs }: BoundCheck): readonly string[] {
  if (id === 'keywords:existence') return kwargs.keywords as readonly string[];
  return id === 'keywords:frequency' && kwargs.relation === 'at least' ? [kwargs.keyword as string] : [];
}

/** Checks of how much there is, which a fixed answer that fails them can never pass. */
const isLongForm = (check: BoundCheck): boolean =>
  rangeOf(check) !== undefined || check.id === 'detectable_format:json_format';

interface Amounts {
  readonly measure: string;
  readonly least: number;
  readonly most: number;
}

/** Parameters with numbers, by check: what is counted, the number, the relation (absent: exactly that many). */
const counted: Readonly<Record<string, readonly [measure: string, number: string, relation?: string, of?: string]>> = {
  'keywords:frequency': ['keyword', 'frequency', 'relation', 'keyword'],
  'keywords:letter_frequency': ['letter', 'let_frequency', 'let_relation', 'letter'],
  'length_constraints:number_sentences': ['sentences', 'num_sentences', 'relation'],
  'length_constraints:number_words': ['words', 'num_words', 'relation'],
  'length_constraints:number_paragraphs': ['divided paragraphs', 'num_paragraphs'],
  'length_constraints:nth_paragraph_first_word': ['paragraphs', 'num_paragraphs'],
  'detectable_format:number_bullet_lists': ['bullets', 'num_bullets'],
  'change_case:capital_word_frequency': ['capitals', 'capital_frequency', 'capital_relation'],
  'style:characters': ['characters', 'characters', 'relation'],
  'style:questions': ['questions', 'questions', 'relation'],
  'style:bullets': ['bullets', 'bullets', 'relation'],
  'style:paragraphs': ['paragraphs', 'paragraphs', 'relation'],
};

function rangeOf({ id, kwargs }: BoundCheck): Amounts | undefined {
  const names = counted[id];
  if (names === undefined) return undefined;
  const [measure, number, relation, of] = names;
  const n = kwargs[number] as number;
  const named = of === undefined ? measure : `${measure} ${lower(kwargs[of])}`;
  if (relation === undefined) return { measure: named, least: n, most: n };
  return kwargs[relation] === 'at least'
    ? { measure: named, least: n, most: Infinity }
    : { measure: named, least: 0, most: n - 1 };
}
