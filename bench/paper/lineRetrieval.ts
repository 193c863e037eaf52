import { noise, type Noise } from '../../src/cache/noise.ts';

/**
 * Line retrieval as MiKV (arXiv 2402.18096) uses it, in our own words: many records, one is asked for. The records stand in
 * the system turn, so that the compressed part carries them.
 */
export interface LineRetrieval {
  readonly system: string;
  readonly questions: readonly {
    readonly user: string;
    /** How the answer begins. */ readonly leadIn: string;
    readonly value: string;
  }[];
}

/** Asked of each prompt, evenly over its lines: they share a prefill. */
const questionsPerPrompt = 5;

const firstWords =
  'amber basalt cobalt dusty elder fabled golden hollow ivory jagged kindly lunar mellow nimble olive placid quiet rustic silver tidal upper velvet windy young'.split(
    ' ',
  );
const secondWords =
  'anchor bridge canyon dragon ember falcon garden harbor island jungle kettle lantern meadow needle orchard pepper quarry ribbon saddle temple umbrella valley walnut yarrow'.split(
    ' ',
  );

export const mostLines = firstWords.length;

/** The prompt of one seed: no two lines share a word of their names, or a number. */
export function lineRetrieval(lines: number, seed: number, sample: number): LineRetrieval {
  const stream = noise(seed, sample);
  const names = pick(secondWords, lines, stream).map((second, i) => `${firstWords[i]!}-${second}`);
  const values = new Set<string>();
  while (values.size < lines) values.add(String(10_000 + Math.floor(90_000 * stream.uniform())));
  const records = pick(names, lines, stream).map((name, i) => ({ name, value: [...values][i]! }));
  const text = records.map(({ name, value }) => `entry ${name}: the stored number is ${value}`).join('\n');
  return {
    system: `You keep a register. Each entry has a name and a stored number. Answer questions about an entry with its stored number.\n\nThe register:\n${text}\nThis is the end of the register.`,
    questions: asked(lines).map((line) => {
      const { name, value } = records[line]!;
      return {
        user: `What is the stored number of entry ${name}?`,
        leadIn: `The stored number of entry ${name} is`,
        value,
      };
    }),
  };
}

/** Evenly spread lines. */
function asked(lines: number): number[] {
  const count = Math.min(lines, questionsPerPrompt);
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * lines) / count));
}

function pick<Item>(items: readonly Item[], count: number, stream: Noise): Item[] {
  const rest = [...items];
  return Array.from({ length: count }, () => rest.splice(Math.floor(stream.uniform() * rest.length), 1)[0]!);
}

/** Whether the first number of an answer is this one. */
export const states = (answer: string, value: string): boolean =>
  /\d[\d,]*/u.exec(answer)?.[0].replaceAll(',', '') === value;
