import {
  instructionKinds,
  type Block,
  type Instruction,
  type InstructionKind,
  type Segmentation,
  type Span,
  type SpanKind,
  type TextRange,
} from '../prompt.ts';
import { parseBlocks, type DraftBlock } from './blocks.ts';
import { splitRules } from './clauses.ts';
import type { LanguageCues } from './cues/index.ts';
import { languagesOf } from './cues/languagesOf.ts';
import { isStrong } from './emphasis.ts';
import { InstructionIds } from './instructionId.ts';
import { isDialogue } from './dialogue.ts';
import { isDependent, kindOf, unset, wordCount } from './kinds.ts';
import { markedParts, markings, type Part } from './markedParts.ts';
import type { Tag } from './mask.ts';
import { announcedByLeadIn, type Announcement } from './sections.ts';
import { splitSentences } from './sentences.ts';
import { strengthOf } from './strength.ts';
import { Titles } from './titles.ts';

export function isInstructionKind(kind: SpanKind): kind is InstructionKind {
  return (instructionKinds as readonly SpanKind[]).includes(kind);
}

/** A span before the markers are applied. */
interface Piece {
  kind: SpanKind;
  range: TextRange;
}

interface PlacedPiece extends Piece {
  readonly block: DraftBlock;
  readonly part: number;
  readonly heading: string;
  readonly isHeading: boolean;
}

/** Cuts a prompt into blocks, spans and instructions. Deterministic, without a model, and never fails on any text. */
export function segment(text: string): Segmentation {
  const parsed = parseBlocks(text);
  const problems = parsed.mask.markerProblems;
  const { parts, enclosed } = markedParts(parsed, problems);
  const languages = languagesOf(text);
  // Text beside a tag on one line belongs to a block that ends after it, but stands in the text where it stands.
  const pieces = placePieces(text, parsed.masked, parts, parsed.mask.tags, languages).toSorted(
    (a, b) => a.range.start - b.range.start,
  );
  const marked = markings(pieces, parsed.mask.markers, enclosed, problems);

  const indices = new Map(parsed.blocks.map((draft, index) => [draft, index]));
  const spans: Span[] = [];
  const instructions: Instruction[] = [];
  const ignored: Instruction[] = [];
  const ids = new InstructionIds();
  for (const [index, { kind, range, block, heading }] of pieces.entries()) {
    const slice = text.slice(range.start, range.end);
    const span: Span = { kind, range, block: indices.get(block)!, strong: isStrong(slice) };
    spans.push(span);
    if (!isInstructionKind(kind)) continue;
    const marking = marked.of(index);
    const instruction: Instruction = {
      ...span,
      kind,
      id: ids.next(slice, kind, heading),
      text: slice,
      strength: strengthOf(slice, span.strong, languages),
      mustHold: marking.mustHold,
      suppressedRules: [...marking.rules],
    };
    (marking.ignored ? ignored : instructions).push(instruction);
  }
  return {
    blocks: parsed.blocks.map((draft) => toBlock(draft, indices)),
    spans,
    instructions,
    ignored,
    suppressedRules: marked.suppressedRules,
    markerProblems: problems.toSorted((a, b) => a.range.start - b.range.start),
  };
}

/** Every part cut into pieces with their kinds, which depend on headings, tags and lead-ins around them. */
function placePieces(
  text: string,
  masked: string,
  parts: readonly Part[],
  tags: readonly Tag[],
  languages: readonly LanguageCues[],
): PlacedPiece[] {
  const placed: PlacedPiece[] = [];
  const titles = new Titles(tags, languages);
  const leadIns = new Map<DraftBlock, Announcement | undefined>();
  const items = new Map<DraftBlock, Announcement | undefined>();
  let heading = '';
  for (const [index, part] of parts.entries()) {
    const { range, block } = part;
    const slice = text.slice(range.start, range.end);
    if (part.role === 'heading') {
      heading = slice;
      titles.addHeading(slice, part.level ?? 1);
    }
    titles.moveTo(range.start);
    const leadIn = block.leadIn === undefined ? items.get(block.parent ?? block) : leadIns.get(block.leadIn);
    items.set(block, leadIn);
    const pieces = piecesOf({
      text,
      masked,
      part,
      leadIn,
      title: titles.announced,
      inExamples: titles.inExamples,
      languages,
    });
    if (part.leadsIn) {
      const last = pieces.at(-1)!.range;
      leadIns.set(block, announcedByLeadIn(text.slice(last.start, last.end), languages));
    }
    for (const piece of pieces)
      placed.push({ ...piece, block, part: index, heading, isHeading: part.role === 'heading' });
  }
  return placed;
}

interface PartSetting {
  readonly text: string;
  readonly masked: string;
  readonly part: Part;
  readonly leadIn: Announcement | undefined;
  readonly title: Announcement | undefined;
  readonly inExamples: boolean;
  readonly languages: readonly LanguageCues[];
}

function piecesOf(setting: PartSetting): Piece[] {
  const { text, part, leadIn, inExamples } = setting;
  const { range, role } = part;
  const slice = text.slice(range.start, range.end);
  if (part.isWhole === true) return [{ kind: part.kind ?? wholeKind(setting), range }];
  if (role === 'heading' || role === 'example' || role === 'context') return [{ kind: role, range }];
  if (inExamples || leadIn === 'examples' || isDialogue(slice)) return [{ kind: 'example', range }];
  return role === 'row' ? [{ kind: rowKind(slice, setting.languages), range }] : judge(setting);
}

/** A part that its author calls an instruction is one, whatever its words say. */
function wholeKind(setting: PartSetting): InstructionKind {
  const kinds = judge(setting).map(({ kind }) => kind);
  return kinds.find((kind) => kind === 'defense') ?? kinds.find(isInstructionKind) ?? 'directive';
}

/** A row asks for what its last cell that asks for anything asks. */
function rowKind(row: string, languages: readonly LanguageCues[]): SpanKind {
  const kinds = row
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim())
    .filter((cell) => cell !== '')
    .slice(1)
    .map((cell) => kindOf(cell, { ...unset, languages }));
  return kinds.findLast(isInstructionKind) ?? 'context';
}

/** Sentences of a paragraph or list item with their kinds, dependent ones joined to the sentence before. */
function judge({ text, masked, part, leadIn, title, languages }: PartSetting): Piece[] {
  const cut = ({ start, end }: TextRange): string => text.slice(start, end);
  const sentences = splitSentences(masked, part.range).flatMap((sentence) =>
    splitRules(masked, sentence, languages).map((range, rule) => ({ range, continues: rule > 0 })),
  );
  const pieces: Piece[] = [];
  sentences.forEach(({ range, continues }, index) => {
    const isLeadIn = part.leadsIn && index === sentences.length - 1;
    const previous = pieces.at(-1);
    const startsItem = part.startsItem && index === 0;
    const kind = isLeadIn
      ? 'context'
      : kindOf(cut(range), { startsItem, leadIn, title, previous: previous?.kind, languages });
    // The second rule of a sentence stands alone, whatever it begins with.
    const follows = previous !== undefined && !isLeadIn && !continues;
    if (follows && joins(previous, cut(previous.range), kind, cut(range), index, languages)) {
      previous.range = { start: previous.range.start, end: range.end };
      previous.kind = joinedKind(previous.kind, kind);
    } else {
      pieces.push({ kind, range });
    }
  });
  return pieces;
}

function joins(
  previous: Piece,
  previousText: string,
  kind: SpanKind,
  text: string,
  index: number,
  languages: readonly LanguageCues[],
): boolean {
  // The sentences of one non-disclosure clause stand or fall together: each is meaningless without the others.
  if (previous.kind === 'defense' && kind === 'defense') return true;
  if (isDependent(text, languages)) return true;
  // "Important!" or "**Tone.**" at the start of a paragraph is too short to stand alone.
  return (
    index === 1 && !isInstructionKind(previous.kind) && wordCount(previousText) < 3 && !/[:：]$/.test(previousText)
  );
}

function joinedKind(first: SpanKind, second: SpanKind): SpanKind {
  if (first === 'defense' || second === 'defense') return 'defense';
  return isInstructionKind(first) ? first : second;
}

function toBlock(draft: DraftBlock, indices: ReadonlyMap<DraftBlock, number>): Block {
  const { leadIn, parent: _, ...block } = draft;
  return leadIn === undefined ? block : { ...block, leadIn: indices.get(leadIn)! };
}
