import type { MappedText } from '../prompt.ts';
import { slice, withoutBlankEdges } from './mappedText.ts';

export interface RoleText {
  readonly role: string;
  readonly mapped: MappedText;
}

const marker =
  /^[ \t]*(?:#[ \t]*)?(assistant|developer|system|user|function|tool)[ \t]*(?:\[[^\]\n]*\])?[ \t]*:[ \t]*$/gim;

/** Cuts a chat at lines such as `system:` and `# user:`. What stands before the first belongs to `initial`. */
export function splitAtRoles(source: MappedText, initial: string): RoleText[] {
  const turns: RoleText[] = [];
  let role = initial;
  let start = 0;
  const add = (end: number): void => {
    const mapped = withoutBlankEdges(slice(source, start, end));
    if (mapped.text !== '') turns.push({ role, mapped });
  };
  for (const match of source.text.matchAll(marker)) {
    add(match.index);
    role = match[1]!.toLowerCase();
    start = Math.min(match.index + match[0].length + 1, source.text.length);
  }
  add(source.text.length);
  return turns;
}

/** The turns that a chat begins with and that are the system's. */
export function leadingSystem(turns: readonly RoleText[]): readonly RoleText[] {
  const other = turns.findIndex(({ role }) => role !== 'system' && role !== 'developer');
  return other < 0 ? turns : turns.slice(0, other);
}
