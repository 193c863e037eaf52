import { createHash } from 'node:crypto';
import type { InstructionKind } from '../prompt.ts';

/**
 * Ids that survive edits elsewhere in the prompt: 12 hex digits of the hash of the text (white space collapsed), the kind
 * and the nearest heading. Repeats are numbered in order: `-2`, `-3`.
 */
export class InstructionIds {
  readonly #counts = new Map<string, number>();

  next(text: string, kind: InstructionKind, heading: string): string {
    const normal = (part: string): string => part.normalize('NFC').replace(/\s+/g, ' ').trim();
    const digest = createHash('sha256')
      .update([normal(text), kind, normal(heading)].join('\n'))
      .digest('hex');
    const base = digest.slice(0, 12);
    const count = (this.#counts.get(base) ?? 0) + 1;
    this.#counts.set(base, count);
    return count === 1 ? base : `${base}-${count}`;
  }
}
