import type { z } from 'zod';
import { HoldfastError } from '../errors.ts';
import { nearest } from '../nearest.ts';

/** A name with what stands in its parentheses: `adakv(snapkv, alpha=0.3)`. */
export interface Call {
  readonly name: string;
  readonly bases: readonly Call[];
  readonly parameters: ReadonlyMap<string, string>;
}

/** What an expression names, for messages: `policy`, and how one is written. */
export interface ExpressionKind {
  readonly noun: string;
  readonly examples: string;
}

/**
 * expression = name [ "(" argument { "," argument } ")" ], argument = expression | parameter "=" value. Spaces do not matter.
 *
 * @throws HoldfastError `invalid-settings` that says at which character it is wrong.
 */
export function parseCall(text: string, kind: ExpressionKind): Call {
  return new Reader(text, kind).whole();
}

/** The expressions of a list with commas between them, also where they have commas in parentheses. */
export function splitExpressions(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const sign = text[index];
    if (sign === '(') depth++;
    else if (sign === ')') depth--;
    else if (sign === ',' && depth <= 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return [...parts, text.slice(start)].map((part) => part.trim());
}

class Reader {
  #at = 0;

  constructor(
    readonly text: string,
    readonly kind: ExpressionKind,
  ) {}

  whole(): Call {
    const call = this.#call();
    if (this.#peek() !== '') this.#fail(`unexpected "${this.#peek()}"`);
    return call;
  }

  #call(name = this.#word(`the id of a ${this.kind.noun}`)): Call {
    const bases: Call[] = [];
    const parameters = new Map<string, string>();
    if (this.#peek() !== '(') return { name, bases, parameters };
    do {
      this.#at++;
      const word = this.#word(`a ${this.kind.noun} or a parameter`);
      if (this.#peek() !== '=') {
        bases.push(this.#call(word));
        continue;
      }
      this.#at++;
      if (parameters.has(word)) this.#fail(`"${word}" stands twice`);
      parameters.set(word, this.#word('a value'));
    } while (this.#peek() === ',');
    if (this.#peek() !== ')') this.#fail('a ")" is missing');
    this.#at++;
    return { name, bases, parameters };
  }

  /** The next sign that is not a space; empty at the end. */
  #peek(): string {
    while (this.text[this.#at] === ' ') this.#at++;
    return this.text[this.#at] ?? '';
  }

  #word(expected: string): string {
    this.#peek();
    const word = /^[\w.:+%-]+/.exec(this.text.slice(this.#at))?.[0];
    if (word === undefined) return this.#fail(`${expected} is missing`);
    this.#at += word.length;
    return word;
  }

  #fail(problem: string): never {
    throw new HoldfastError(
      'invalid-settings',
      `The ${this.kind.noun} "${this.text}": ${problem} at character ${this.#at + 1}.`,
      `Write a ${this.kind.noun} as ${this.kind.examples}.`,
    );
  }
}

/**
 * The parameters of a call as values, each read as its schema takes it.
 *
 * @throws HoldfastError `invalid-settings` for a name that the schema lacks; values are left to the schema.
 */
export function parameterValues(
  { name, parameters }: Call,
  schema: z.ZodObject,
  text: string,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [parameter, value] of parameters) {
    const ofParameter = schema.shape[parameter] as z.ZodType | undefined;
    if (ofParameter === undefined)
      throw unknownName(`${name} has no parameter "${parameter}"`, parameter, Object.keys(schema.shape), text);
    values[parameter] = readings(value).find((reading) => ofParameter.safeParse(reading).success) ?? readings(value)[0];
  }
  return values;
}

/** What a written value may mean, the likeliest first. */
function readings(value: string): unknown[] {
  const asNumber = value.endsWith('%') ? Number(value.slice(0, -1)) / 100 : Number(value);
  const asNumbers = value.split(':').map(Number);
  return [
    ...(Number.isNaN(asNumber) ? [] : [asNumber]),
    ...(asNumbers.some(Number.isNaN) ? [] : [asNumbers]),
    ...(value === 'true' || value === 'false' ? [value === 'true'] : []),
    value,
  ];
}

/** An error for a name that nothing has, with the nearest one that something has. */
export function unknownName(problem: string, name: string, known: readonly string[], text: string): HoldfastError {
  const like = nearest(name, known);
  const meant = like === undefined ? '' : ` Did you mean "${like}"?`;
  const choice = known.length === 0 ? 'It has no parameters.' : `Known: ${known.join(', ')}.`;
  const where = text === name ? '' : ` (in "${text}")`;
  return new HoldfastError('invalid-settings', `${problem}${where}.${meant}`, choice);
}
