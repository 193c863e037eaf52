import { HoldfastError } from '../../errors.ts';
import type { Format } from './format.ts';
import { html } from './html.ts';
import { json } from './json.ts';
import { text } from './text.ts';

export type { Format, FormatOptions } from './format.ts';

export const formats: readonly Format[] = [text, json, html];

/** The format with this id. Throws `invalid-settings` with the known ones. */
export function format(id: string): Format {
  const found = formats.find((candidate) => candidate.id === id);
  if (found !== undefined) return found;
  const known = formats.map((candidate) => candidate.id).join(', ');
  throw new HoldfastError('invalid-settings', `Unknown format "${id}".`, `Known formats: ${known}.`);
}
