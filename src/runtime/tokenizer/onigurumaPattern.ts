import { HoldfastError } from '../../errors.ts';

/**
 * The JavaScript form, global and by code points, of a regular expression as `tokenizer.json` writes them: Oniguruma in Ruby
 * syntax (https://github.com/kkos/oniguruma/blob/master/doc/RE). Possessive quantifiers, atomic groups and case-insensitive
 * groups are rewritten; `\s`, `^`, `$` and `.` get Oniguruma's meaning. Capturing groups capture nothing.
 * @throws HoldfastError `unsupported-model` that names what has no exact equivalent here.
 */
export function onigurumaPattern(pattern: string): RegExp {
  const source = new Translation(pattern).translate();
  try {
    return new RegExp(source, 'gu');
  } catch (error) {
    throw unsupported(pattern, error instanceof Error ? error.message : String(error));
  }
}

function unsupported(pattern: string, reason: string): HoldfastError {
  return new HoldfastError(
    'unsupported-model',
    `The model's tokenizer splits text by the regular expression ${JSON.stringify(pattern)}, which is not supported here: ${reason}.`,
    'Use a GGUF file of the same model, which names its word rules instead of spelling them out.',
  );
}

/** Escapes that stand for one character. */
const characterEscapes: Readonly<Record<string, string | undefined>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  f: '\f',
  v: '\v',
  a: '\x07',
  e: '\x1b',
};

/** Escapes that stand for a set. Oniguruma's `\s` is Unicode's White_Space, JavaScript's differs (U+0085, U+FEFF). */
const setEscapes: Readonly<Record<string, string | undefined>> = {
  s: '\\p{White_Space}',
  S: '\\P{White_Space}',
  d: '\\p{Nd}',
  D: '\\P{Nd}',
};

/** Letters outside ASCII that fold to an ASCII letter: the long s and the Kelvin sign. */
const alsoFoldsTo: Readonly<Record<string, string | undefined>> = { s: '\u017f', k: '\u212a' };

/** Two letters that Oniguruma also matches with one ligature where case is ignored; JavaScript does not. */
const ligatures = /^(?:ss|st|ff|fi|fl)$/;

class Translation {
  #at = 0;
  #atomicGroups = 0;

  constructor(readonly pattern: string) {}

  translate(): string {
    const source = this.#alternatives(false);
    if (this.#at < this.pattern.length) throw this.#unsupported('a closing parenthesis without an opening one');
    return source;
  }

  /** Everything up to the end of the group or of the pattern. */
  #alternatives(ignoreCase: boolean): string {
    let source = '';
    let previousLetter = '';
    while (this.#at < this.pattern.length && this.#peek() !== ')') {
      if (this.#take('|')) {
        source += '|';
        previousLetter = '';
        continue;
      }
      const before = this.#at;
      const atom = this.#atom(ignoreCase);
      const text = this.pattern.slice(before, this.#at).toLowerCase();
      if (ignoreCase && ligatures.test(previousLetter + text))
        throw this.#unsupported('letters with a ligature, case ignored');
      previousLetter = text;
      source += this.#quantified(atom);
    }
    return source;
  }

  #atom(ignoreCase: boolean): string {
    const character = this.#next();
    switch (character) {
      case '(':
        return this.#group(ignoreCase);
      case '[':
        return this.#set(ignoreCase);
      case '\\':
        return this.#escape(ignoreCase);
      case '.':
        return '[^\\n]';
      case '^':
        return '(?<![^\\n])';
      case '$':
        return '(?![^\\n])';
      case '*':
      case '+':
      case '?':
        throw this.#unsupported(`the quantifier "${character}" where nothing can be repeated`);
      default:
        return this.#literal(character, ignoreCase);
    }
  }

  #group(ignoreCase: boolean): string {
    const close = (source: string): string => {
      if (!this.#take(')')) throw this.#unsupported('a group that is not closed');
      return source;
    };
    if (!this.#take('?')) return close(`(?:${this.#alternatives(ignoreCase)}`) + ')';
    for (const open of [':', '=', '!', '<=', '<!']) {
      if (this.#take(open)) return close(`(?${open}${this.#alternatives(ignoreCase)}`) + ')';
    }
    if (this.#take('>')) return this.#atomic(close(this.#alternatives(ignoreCase)));
    if (this.#take('i:')) return close(`(?:${this.#alternatives(true)}`) + ')';
    if (this.#take('-i:')) return close(`(?:${this.#alternatives(false)}`) + ')';
    throw this.#unsupported(`a group that begins with "(?${this.pattern.slice(this.#at, this.#at + 3)}"`);
  }

  /** A lookahead gives nothing back, and the group it captured is then read as it is. */
  #atomic(source: string): string {
    const name = `atomic${this.#atomicGroups++}`;
    return `(?:(?=(?<${name}>${source}))\\k<${name}>)`;
  }

  #quantified(atom: string): string {
    const found = /^(?:[*+?]|\{\d+(?:,\d*)?\}|\{,\d+\})/.exec(this.pattern.slice(this.#at))?.[0];
    if (found === undefined) return atom;
    this.#at += found.length;
    const source = atom + found.replace('{,', '{0,');
    if (this.#take('+')) return found.startsWith('{') ? `(?:${source})+` : this.#atomic(source);
    if (!this.#take('?')) return source;
    if (/^\{\d+\}$/.test(found)) throw this.#unsupported(`the quantifier "${found}?"`);
    return `${source}?`;
  }

  /** A character class; the opening bracket is read. */
  #set(ignoreCase: boolean): string {
    const negated = this.#take('^') ? '^' : '';
    let members = '';
    while (!this.#take(']')) {
      if (this.#at >= this.pattern.length) throw this.#unsupported('a character class that is not closed');
      if (this.#peek() === '[') throw this.#unsupported('a character class inside another');
      if (this.pattern.startsWith('&&', this.#at)) throw this.#unsupported('an intersection of character classes');
      members += this.#member(ignoreCase);
    }
    if (members === '') throw this.#unsupported('an empty character class');
    return `[${negated}${members}]`;
  }

  /** A character, a range or a set inside a class. */
  #member(ignoreCase: boolean): string {
    const first = this.#memberCharacter();
    if (first.set !== undefined) return first.set;
    const isRange = this.#peek() === '-' && this.pattern[this.#at + 1] !== ']' && this.#at + 1 < this.pattern.length;
    if (!isRange)
      return [first.character].concat(this.#otherCases(first.character, ignoreCase)).map(escapeInSet).join('');
    this.#take('-');
    const last = this.#memberCharacter();
    if (last.set !== undefined) throw this.#unsupported('a range that ends in a set');
    if (ignoreCase && last.character >= 'A') throw this.#unsupported('a range of letters, case ignored');
    return `${escapeInSet(first.character)}-${escapeInSet(last.character)}`;
  }

  #memberCharacter(): { readonly character: string; readonly set?: undefined } | { readonly set: string } {
    const character = this.#next();
    if (character !== '\\') return { character };
    const escaped = this.#escaped();
    return escaped.set === undefined ? { character: escaped.character } : { set: escaped.set };
  }

  #escape(ignoreCase: boolean): string {
    const escaped = this.#escaped();
    return escaped.set ?? this.#literal(escaped.character, ignoreCase);
  }

  /** What stands after a backslash. */
  #escaped(): { readonly character: string; readonly set?: undefined } | { readonly set: string } {
    if (this.#at >= this.pattern.length) throw this.#unsupported('a backslash at the end');
    const letter = this.#next();
    const set = setEscapes[letter];
    if (set !== undefined) return { set };
    if (letter === 'p' || letter === 'P') return { set: this.#property(letter === 'P') };
    const hex = /^(?:x\{([0-9a-fA-F]{1,6})\}|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))/.exec(
      this.pattern.slice(this.#at - 1),
    );
    if (hex !== null) {
      this.#at += hex[0].length - 1;
      return { character: String.fromCodePoint(parseInt((hex[1] ?? hex[2] ?? hex[3])!, 16)) };
    }
    const character = characterEscapes[letter];
    if (character !== undefined) return { character };
    if (/[\p{L}\p{N}]/u.test(letter)) throw this.#unsupported(`the escape "\\${letter}"`);
    return { character: letter };
  }

  /** `{L}`, `{^L}`, `{Han}`: general categories are named as in JavaScript, scripts without `Script=`. */
  #property(negated: boolean): string {
    const found = /^\{(\^?)([A-Za-z_]+)\}/.exec(this.pattern.slice(this.#at));
    if (found === null) throw this.#unsupported('a character property without a name');
    this.#at += found[0].length;
    const letter = negated !== (found[1] === '^') ? 'P' : 'p';
    const name = found[2]!;
    for (const source of [`\\${letter}{${name}}`, `\\${letter}{Script=${name}}`]) {
      if (isValid(source)) return source;
    }
    throw this.#unsupported(`the character property "${name}"`);
  }

  #literal(character: string, ignoreCase: boolean): string {
    const others = this.#otherCases(character, ignoreCase);
    if (others.length > 0) return `[${[character, ...others].map(escapeInSet).join('')}]`;
    return /[\^$\\.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
  }

  /** The other characters that count as the same where case is ignored. */
  #otherCases(character: string, ignoreCase: boolean): string[] {
    if (!ignoreCase) return [];
    if (character > '\x7f') throw this.#unsupported(`the character "${character}", case ignored`);
    const lower = character.toLowerCase();
    const cases = [lower, character.toUpperCase(), alsoFoldsTo[lower] ?? character];
    return [...new Set(cases)].filter((other) => other !== character);
  }

  #peek(): string | undefined {
    return this.pattern[this.#at];
  }

  #next(): string {
    const character = String.fromCodePoint(this.pattern.codePointAt(this.#at)!);
    this.#at += character.length;
    return character;
  }

  #take(text: string): boolean {
    if (!this.pattern.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #unsupported(what: string): HoldfastError {
    return unsupported(this.pattern, what);
  }
}

const escapeInSet = (character: string): string => (/[\^\\\]\-[]/.test(character) ? `\\${character}` : character);

function isValid(source: string): boolean {
  try {
    new RegExp(source, 'u');
    return true;
  } catch {
    return false;
  }
}
