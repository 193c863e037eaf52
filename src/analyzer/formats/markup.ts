const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (value: string): string => value.replace(/[&<>"']/g, (character) => entities[character]!);

/** Markup that is already safe, so that a forgotten escape does not type-check as a string. */
export class Html {
  constructor(readonly markup: string) {}
}
export type Part = Html | string | number | readonly Html[];
const markup = (part: Part): string => {
  if (part instanceof Html) return part.markup;
  if (typeof part === 'object') return part.map((each) => each.markup).join('');
  return escape(String(part));
};
/** A template whose values are escaped unless they are markup themselves. */
export function page(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((done, piece, i) => done + piece + (i < parts.length ? markup(parts[i]!) : ''), ''));
}
export const nothing = new Html('');
