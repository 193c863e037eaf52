import type { Block, Segmentation, TextRange } from '../prompt.ts';

/** A piece of the prompt that a reordering moves as a whole, with the pieces inside it. */
export interface Unit {
  readonly kind: 'paragraph' | 'item' | 'list' | 'section' | 'fixed';
  /** Whole lines of the prompt. */
  readonly range: TextRange;
  readonly children: readonly Unit[];
  /** Children stay in order: numbered lists. */
  readonly ordered: boolean;
}

/**
 * The prompt as nested units: sections under the headings of the highest repeated level, in them paragraphs and lists, in
 * lists items. A heading stays with its section, a lead-in with its list, children with their item.
 */
export function layOut(text: string, { blocks }: Segmentation): Unit[] {
  const outer = outermost(blocks);
  const level = sectionLevel(text, outer);
  const units: Unit[] = [];
  let section: Block[] | null = null;
  let loose: Block[] = [];
  const flush = (): void => {
    if (section !== null) {
      const [heading, ...body] = section;
      units.push(container('section', [fixed(heading!), ...groupLists(body)]));
    } else if (level !== undefined && loose.length > 0) {
      // What stands before the first section stays there: at the end it would belong to the last section.
      units.push(container('fixed', groupLists(loose)));
    } else {
      units.push(...groupLists(loose));
    }
    section = null;
    loose = [];
  };
  for (const block of outer) {
    if (block.kind === 'heading' && headingLevel(text, block) === level) {
      flush();
      section = [block];
    } else if (section !== null) {
      section.push(block);
    } else {
      loose.push(block);
    }
  }
  flush();
  return units;
}

/** Blocks that lie in no other block. */
function outermost(blocks: readonly Block[]): Block[] {
  const outer: Block[] = [];
  for (const block of blocks) {
    const last = outer.at(-1);
    if (last === undefined || block.range.start >= last.range.end) outer.push(block);
  }
  return outer;
}

function headingLevel(text: string, { range }: Block): number {
  return /^\s*(#{1,6})\s/u.exec(text.slice(range.start, range.end))?.[1]?.length ?? 7;
}

/** The highest heading level that occurs more than once: a single title is not a section of its own. */
function sectionLevel(text: string, blocks: readonly Block[]): number | undefined {
  const levels = blocks.filter(({ kind }) => kind === 'heading').map((block) => headingLevel(text, block));
  return levels.filter((level, index) => levels.indexOf(level) !== index).sort((a, b) => a - b)[0];
}

function groupLists(blocks: readonly Block[]): Unit[] {
  const units: Unit[] = [];
  for (let i = 0; i < blocks.length;) {
    const block = blocks[i]!;
    if (block.kind !== 'list-item') {
      const next = blocks[i + 1];
      const leads = next?.kind === 'list-item' && next.leadIn !== undefined;
      if (leads) {
        const items = listFrom(blocks, i + 1);
        units.push(container('list', [fixed(block), ...items.map(item)], isOrdered(items)));
        i += 1 + items.length;
      } else {
        units.push(block.kind === 'paragraph' ? leaf('paragraph', block) : fixed(block));
        i++;
      }
      continue;
    }
    const items = listFrom(blocks, i);
    units.push(container('list', items.map(item), isOrdered(items)));
    i += items.length;
  }
  return units;
}

function listFrom(blocks: readonly Block[], start: number): Block[] {
  const list = blocks[start]!.list;
  let end = start;
  while (end < blocks.length && blocks[end]!.kind === 'list-item' && blocks[end]!.list === list) end++;
  return blocks.slice(start, end);
}

const isOrdered = (items: readonly Block[]): boolean => items.some(({ ordered }) => ordered === true);
const leaf = (kind: Unit['kind'], { range }: Block): Unit => ({ kind, range, children: [], ordered: false });
const fixed = (block: Block): Unit => leaf('fixed', block);
const item = (block: Block): Unit => leaf('item', block);

function container(kind: Unit['kind'], children: readonly Unit[], ordered = false): Unit {
  return {
    kind,
    range: { start: children[0]!.range.start, end: children.at(-1)!.range.end },
    children,
    ordered,
  };
}
