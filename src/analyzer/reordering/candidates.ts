import type { Segmentation, TextRange } from '../prompt.ts';
import { segment } from '../segmentation/index.ts';
import { layOut, type Unit } from './layout.ts';

/** One other order of the same words. */
export interface Candidate {
  readonly text: string;
  /** What was moved, for people. */
  readonly title: string;
  /** Why a person should look before accepting it. */
  readonly cautions: readonly string[];
}

/** Words that point at what stands before or after; a move may turn them wrong. */
const pointsElsewhere =
  /\b(above|below|previous(?:ly)?|following|earlier|preceding|aforementioned|the next|the former|the latter|first|then|finally|these|oben|unten|folgend\w*|vorherig\w*|ci-dessus|ci-dessous|anterior|siguiente)\b/iu;

/** More orders than this are not tried: each costs a prefill. */
const candidateLimit = 32;

/**
 * Orders in which the units that hold the given instructions move to the start or end of what contains them: a list item in
 * its list, a paragraph or list in its section, a section in the prompt; and all movable ones together at the end.
 */
export function reorderings(text: string, segmentation: Segmentation, targets: readonly TextRange[]): Candidate[] {
  const root: Unit = {
    kind: 'fixed',
    range: { start: 0, end: text.length },
    children: layOut(text, segmentation),
    ordered: false,
  };
  const moves = new Map<string, readonly Move[]>();
  const together: Move[] = [];
  for (const target of targets) {
    const path = pathTo(root, target);
    for (let depth = path.length - 1; depth > 0; depth--) {
      const [parent, unit] = [path[depth - 1]!, path[depth]!];
      if (!isMovable(parent, unit)) continue;
      for (const to of ['end', 'start'] as const) {
        const move: Move = { parent, unit, to };
        moves.set(keyOf([move]), [move]);
        if (to === 'end' && depth === 1) together.push(move);
      }
    }
  }
  if (together.length > 1) moves.set(keyOf(together), together);

  const words = instructionTexts(segmentation);
  const candidates = new Map<string, Candidate>();
  for (const group of moves.values()) {
    const moved = render(text, root, group);
    // A move may change how Markdown reads the text (two lists become one, a line continues a paragraph): those are dropped.
    if (moved === text || candidates.has(moved) || instructionTexts(segment(moved)).join('\0') !== words.join('\0'))
      continue;
    candidates.set(moved, { text: moved, title: titleOf(text, group), cautions: cautionsOf(text, group) });
    if (candidates.size >= candidateLimit) break;
  }
  return [...candidates.values()];
}

interface Move {
  readonly parent: Unit;
  readonly unit: Unit;
  readonly to: 'start' | 'end';
}

const keyOf = (moves: readonly Move[]): string =>
  moves.map(({ unit, to }) => `${unit.range.start}-${unit.range.end}-${to}`).join();

/** The units that hold a range, outermost first. */
function pathTo(root: Unit, target: TextRange): Unit[] {
  const path = [root];
  for (;;) {
    const inner = path.at(-1)!.children.find(({ range }) => range.start <= target.start && target.end <= range.end);
    if (inner === undefined) return path;
    path.push(inner);
  }
}

const isMovable = (parent: Unit, unit: Unit): boolean =>
  unit.kind !== 'fixed' && !parent.ordered && parent.children.length > 1;

/** The children of a unit after the moves; fixed ones (heading, lead-in) stay in front. */
function ordered(parent: Unit, moves: readonly Move[]): Unit[] {
  const own = moves.filter((move) => move.parent === parent);
  const moved = new Set(own.map(({ unit }) => unit));
  const rest = parent.children.filter((unit) => !moved.has(unit));
  const firstFree = rest.findIndex(({ kind }) => kind !== 'fixed');
  const front = firstFree < 0 ? rest.length : firstFree;
  const to = (where: Move['to']): Unit[] => own.filter((move) => move.to === where).map(({ unit }) => unit);
  return [...rest.slice(0, front), ...to('start'), ...rest.slice(front), ...to('end')];
}

function render(text: string, unit: Unit, moves: readonly Move[]): string {
  const { children, range } = unit;
  if (children.length === 0) return text.slice(range.start, range.end);
  const result = [text.slice(range.start, children[0]!.range.start)];
  const after = ordered(unit, moves);
  for (const [i, child] of after.entries()) {
    if (i > 0) result.push(separator(text, children, after[i - 1]!, child));
    result.push(render(text, child, moves));
  }
  result.push(text.slice(children.at(-1)!.range.end, range.end));
  return result.join('');
}

/** Neighbours keep what stood between them, headings and lead-ins what followed them; items are joined like their list's; anything else gets a blank line. */
function separator(text: string, children: readonly Unit[], before: Unit, after: Unit): string {
  const at = children.indexOf(before);
  const between = (i: number): string => text.slice(children[i]!.range.end, children[i + 1]!.range.start);
  if (children[at + 1] === after || (before.kind === 'fixed' && at + 1 < children.length)) return between(at);
  if (before.kind === 'item' && after.kind === 'item') {
    const i = children.findIndex((unit, index) => unit.kind === 'item' && children[index + 1]?.kind === 'item');
    if (i >= 0) return between(i);
  }
  return '\n\n';
}

/** Instructions with what markers say of them, in a canonical order: equal for two orders of the same words. */
const instructionTexts = ({ instructions }: Segmentation): string[] =>
  instructions
    .map(({ kind, mustHold, suppressedRules, text }) => `${kind} ${mustHold} ${suppressedRules.join()} ${text}`)
    .sort();

const titleLength = 48;

function titleOf(text: string, moves: readonly Move[]): string {
  if (moves.length > 1) return `Move ${moves.length} blocks to the end of the prompt`;
  const { unit, to, parent } = moves[0]!;
  const line = text
    .slice(unit.range.start, unit.range.end)
    .replaceAll(/^[\s#>*+-]+|\s+/gu, ' ')
    .trim();
  const quoted = line.length > titleLength ? `${line.slice(0, titleLength).trimEnd()}...` : line;
  const where = parent.kind === 'list' ? 'its list' : parent.kind === 'section' ? 'its section' : 'the prompt';
  return `Move "${quoted}" to the ${to} of ${where}`;
}

function cautionsOf(text: string, moves: readonly Move[]): string[] {
  return moves.flatMap(({ unit }) => {
    const word = pointsElsewhere.exec(text.slice(unit.range.start, unit.range.end))?.[0];
    return word === undefined ? [] : [`The moved text says "${word}": check that it still points at the right place.`];
  });
}
