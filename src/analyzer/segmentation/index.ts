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
import { parseBlocks, type Content, type DraftBlock } from './blocks.ts';
import { isStrong } from './emphasis.ts';
import { InstructionIds } from './instructionId.ts';
import { announcesExamples, announcesFacts, isDependent, kindOf } from './kinds.ts';
import { splitSentences } from './sentences.ts';

export function isInstructionKind(kind: SpanKind): kind is InstructionKind {
  return (instructionKinds as readonly SpanKind[]).includes(kind);
}

/** Cuts a prompt into blocks, spans and instructions. Deterministic, without a model, and never fails on any text. */
export function segment(text: string): Segmentation {
  const { masked, blocks: drafts, contents } = parseBlocks(text);
  const indices = new Map(drafts.map((draft, index) => [draft, index]));
  const spans: Span[] = [];
  const instructions: Instruction[] = [];
  const ids = new InstructionIds();
  const leadIns = new Map<DraftBlock, string>();
  let heading = '';
  let exampleLevel = Infinity; // level of the heading over examples that is in force

  const add = (kind: SpanKind, range: TextRange, block: DraftBlock): void => {
    const slice = text.slice(range.start, range.end);
    const span: Span = { kind, range, block: indices.get(block)!, strong: isStrong(slice) };
    spans.push(span);
    if (isInstructionKind(kind)) instructions.push({ ...span, kind, id: ids.next(slice, kind, heading), text: slice });
  };

  for (const content of contents) {
    const { range, block } = content;
    const slice = text.slice(range.start, range.end);
    switch (content.role) {
      case 'heading':
        heading = slice;
        if ((content.level ?? 1) <= exampleLevel)
          exampleLevel = announcesExamples(slice) ? (content.level ?? 1) : Infinity;
        add('heading', range, block);
        break;
      case 'example':
        add('example', range, block);
        break;
      case 'comment':
        add('context', range, block);
        break;
      case 'prose': {
        const leadIn = block.leadIn === undefined ? undefined : leadIns.get(block.leadIn);
        const isExample =
          exampleLevel < Infinity || (leadIn !== undefined && announcesExamples(leadIn)) || isDialogue(slice);
        if (isExample) {
          add('example', range, block);
          break;
        }
        const pieces = judge(text, masked, content, leadIn, heading);
        if (content.leadsIn) {
          const last = pieces.at(-1)!;
          leadIns.set(block, text.slice(last.range.start, last.range.end));
        }
        for (const piece of pieces) add(piece.kind, piece.range, block);
      }
    }
  }
  return { blocks: drafts.map((draft) => toBlock(draft, indices)), spans, instructions };
}

interface Piece {
  kind: SpanKind;
  range: TextRange;
}

/** Sentences of a paragraph or list item with their kinds, dependent ones joined to the sentence before. */
function judge(text: string, masked: string, content: Content, leadIn: string | undefined, heading: string): Piece[] {
  const sentences = splitSentences(masked, content.range);
  const cut = ({ start, end }: TextRange): string => text.slice(start, end);
  const amongFacts = leadIn === undefined ? announcesFacts(heading, true) : announcesFacts(leadIn, false);
  const leadInKind = leadIn === undefined ? undefined : leadInKindOf(leadIn);

  const pieces: Piece[] = [];
  sentences.forEach((range, index) => {
    const isLeadIn = content.leadsIn && index === sentences.length - 1;
    const previous = pieces.at(-1);
    const startsItem = content.startsItem && index === 0;
    const kind = isLeadIn
      ? 'context'
      : kindOf(cut(range), { startsItem, amongFacts, leadInKind, previous: previous?.kind });
    const joins =
      previous !== undefined && !isLeadIn && mergesInto(previous, cut(previous.range), kind, cut(range), index);
    if (joins) {
      previous.range = { start: previous.range.start, end: range.end };
      previous.kind = mergedKind(previous.kind, kind);
    } else {
      pieces.push({ kind, range });
    }
  });
  return pieces;
}

function mergesInto(previous: Piece, previousText: string, kind: SpanKind, text: string, index: number): boolean {
  // The sentences of one non-disclosure clause stand or fall together: each is meaningless without the others.
  if (previous.kind === 'defense' && kind === 'defense') return true;
  return isDependent(text) || (index === 1 && !isInstructionKind(previous.kind) && isLabelLike(previousText));
}

/** "Important!" or "**Tone.**": too short to stand alone at the start of a paragraph. */
function isLabelLike(text: string): boolean {
  return (text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0) < 3;
}

function mergedKind(first: SpanKind, second: SpanKind): SpanKind {
  if (first === 'defense' || second === 'defense') return 'defense';
  return isInstructionKind(first) ? first : second;
}

/** What "Never do the following:" asks of its items; undefined when it asks for nothing in particular. */
function leadInKindOf(leadIn: string): InstructionKind | undefined {
  const setting = { startsItem: false, amongFacts: false, leadInKind: undefined, previous: undefined };
  const kind = kindOf(leadIn, setting);
  return isInstructionKind(kind) && kind !== 'identity' ? kind : undefined;
}

/** A turn of an example dialogue. */
function isDialogue(text: string): boolean {
  return /^(?:\*\*)?(?:user|human|assistant|customer|agent|kunde|kundin|nutzer|utilisateur|usuario|cliente?)(?:\*\*)?:(?:\*\*)?\s/i.test(
    text,
  );
}

function toBlock(draft: DraftBlock, indices: ReadonlyMap<DraftBlock, number>): Block {
  const { leadIn, ...block } = draft;
  return leadIn === undefined ? block : { ...block, leadIn: indices.get(leadIn)! };
}
