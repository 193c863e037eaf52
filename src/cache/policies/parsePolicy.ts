import type { z } from 'zod';
import { HoldfastError } from '../../errors.ts';
import { nearest } from '../../nearest.ts';
import type { Family } from './family.ts';
import type { Policy } from './policy.ts';

/** A name with what stands in its parentheses. */
interface Call {
  readonly name: string;
  readonly bases: readonly Call[];
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * expression = name [ "(" argument { "," argument } ")" ], argument = expression | parameter "=" value.
 *
 * @throws HoldfastError `invalid-settings`.
 */
export function parseExpression(text: string, families: ReadonlyMap<string, Family>): Policy {
  return build(new Reader(text).whole(), text, families);
}

/** The expressions of a list with commas between them, also where they have commas in parentheses. */
export function splitPolicies(text: string): string[] {
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

  constructor(readonly text: string) {}

  whole(): Call {
    const call = this.#call();
    if (this.#peek() !== '') this.#fail(`unexpected "${this.#peek()}"`);
    return call;
  }

  #call(name = this.#word('the id of a policy')): Call {
    const bases: Call[] = [];
    const parameters = new Map<string, string>();
    if (this.#peek() !== '(') return { name, bases, parameters };
    do {
      this.#at++;
      const word = this.#word('a policy or a parameter');
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
    const word = /^[\w.:+-]+/.exec(this.text.slice(this.#at))?.[0];
    if (word === undefined) return this.#fail(`${expected} is missing`);
    this.#at += word.length;
    return word;
  }

  #fail(problem: string): never {
    throw new HoldfastError(
      'invalid-settings',
      `The policy "${this.text}": ${problem} at character ${this.#at + 1}.`,
      'Write a policy as snapkv, snapkv(window=64) or adakv(snapkv,alpha=0.3).',
    );
  }
}

function build({ name, bases, parameters }: Call, text: string, families: ReadonlyMap<string, Family>): Policy {
  const family = families.get(name);
  if (family === undefined) throw unknown(`There is no policy "${name}"`, name, [...families.keys()], text);
  const given: Record<string, unknown> = {};
  for (const [parameter, value] of parameters) {
    const schema = family.schema.shape[parameter] as z.ZodType | undefined;
    if (schema === undefined)
      throw unknown(`${name} has no parameter "${parameter}"`, parameter, Object.keys(family.schema.shape), text);
    given[parameter] = readings(value).find((reading) => schema.safeParse(reading).success) ?? readings(value)[0];
  }
  if (family.kind === 'wrapper')
    return family.around(
      bases.map((base) => build(base, text, families)),
      given,
    );
  if (bases.length > 0)
    throw new HoldfastError(
      'invalid-settings',
      `The policy "${text}": ${name} wraps no other policy.`,
      'Only wrappers take policies; `holdfast policies` lists them.',
    );
  return family.with(given);
}

/** What a written value may mean, the likeliest first; the parameter's schema decides. */
function readings(value: string): unknown[] {
  const asNumber = Number(value);
  const asNumbers = value.split(':').map(Number);
  return [
    ...(Number.isNaN(asNumber) ? [] : [asNumber]),
    ...(asNumbers.some(Number.isNaN) ? [] : [asNumbers]),
    ...(value === 'true' || value === 'false' ? [value === 'true'] : []),
    value,
  ];
}

function unknown(problem: string, name: string, known: readonly string[], text: string): HoldfastError {
  const like = nearest(name, known);
  const meant = like === undefined ? '' : ` Did you mean "${like}"?`;
  const choice = known.length === 0 ? 'It has no parameters.' : `Known: ${known.join(', ')}.`;
  const where = text === name ? '' : ` (in "${text}")`;
  return new HoldfastError('invalid-settings', `${problem}${where}.${meant}`, choice);
}
