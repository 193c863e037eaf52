/** A token that is found in text before anything else looks at it. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** A control token: left out of decoded text on request, and never read out of a plain range. */
  readonly special: boolean;
  /** Takes up the white space before it. */
  readonly lstrip: boolean;
  /** Takes up the white space after it. */
  readonly rstrip: boolean;
  /** Only where no word character stands beside it. */
  readonly singleWord: boolean;
}

/** A token found in a text, UTF-16 offsets. */
export interface AddedMatch {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

/** Some files call these ordinary tokens, but a prompt could imitate a role with them all the same. */
const looksLikeControl = /^<[|｜].*[|｜]>$/su;

const wordCharacter = String.raw`[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]`;
const endsInWord = new RegExp(`${wordCharacter}$`, 'u');
const beginsWithWord = new RegExp(`^${wordCharacter}`, 'u');
const spaceAtEnd = /\p{White_Space}*$/u;
const spaceAtStart = /^\p{White_Space}*/u;

interface Node {
  readonly next: Map<number, Node>; // by UTF-16 unit
  token?: AddedToken;
}

/** Finds added tokens in text: leftmost first, the longest where several begin. */
export class AddedTokens {
  readonly #root: Node = { next: new Map() };

  constructor(tokens: readonly AddedToken[]) {
    for (const token of tokens) this.#add(token);
  }

  /**
   * Matches in order, disjoint. `isPlain` says whether a range of the text is what somebody else wrote: no control token is
   * read there. Ordinary added tokens, such as runs of white space, are vocabulary like any other and read everywhere.
   */
  find(text: string, isPlain: (start: number, end: number) => boolean): AddedMatch[] {
    const matches: AddedMatch[] = [];
    let covered = 0;
    for (let start = 0; start < text.length;) {
      if (!this.#root.next.has(text.charCodeAt(start))) {
        start++;
        continue;
      }
      const accepted = this.#tokensAt(text, start).findLast((token) => {
        const end = start + token.content.length;
        const control = token.special || looksLikeControl.test(token.content);
        return !(control && isPlain(start, end)) && !(token.singleWord && touchesWord(text, start, end));
      });
      if (accepted === undefined) {
        start++;
        continue;
      }
      const match = withSpace(text, accepted, start, covered);
      matches.push(match);
      start = covered = match.end;
    }
    return matches;
  }

  #add(token: AddedToken): void {
    if (token.content === '') return;
    let node = this.#root;
    for (let i = 0; i < token.content.length; i++) {
      const unit = token.content.charCodeAt(i);
      let child = node.next.get(unit);
      if (child === undefined) {
        child = { next: new Map() };
        node.next.set(unit, child);
      }
      node = child;
    }
    node.token ??= token;
  }

  /** Tokens that the text spells at `start`, the shortest first. */
  #tokensAt(text: string, start: number): AddedToken[] {
    const found: AddedToken[] = [];
    let node: Node | undefined = this.#root;
    for (let at = start; at < text.length; at++) {
      node = node.next.get(text.charCodeAt(at));
      if (node === undefined) break;
      if (node.token !== undefined) found.push(node.token);
    }
    return found;
  }
}

const touchesWord = (text: string, start: number, end: number): boolean =>
  endsInWord.test(text.slice(Math.max(0, start - 2), start)) || beginsWithWord.test(text.slice(end, end + 2));

/** The match with the white space that it takes up; what is before `covered` belongs to another. */
function withSpace(
  text: string,
  { id, content, lstrip, rstrip }: AddedToken,
  start: number,
  covered: number,
): AddedMatch {
  const end = start + content.length;
  return {
    id,
    start: lstrip ? Math.max(covered, spaceAtEnd.exec(text.slice(0, start))!.index) : start,
    end: rstrip ? end + spaceAtStart.exec(text.slice(end))![0].length : end,
  };
}
