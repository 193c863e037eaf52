/** UTF-8 bytes of the character at `start`, and where it ends. */
export function utf8At(text: string, start: number): { readonly bytes: readonly number[]; readonly end: number } {
  const point = text.codePointAt(start)!;
  return { bytes: utf8Of(point), end: start + (point > 0xffff ? 2 : 1) };
}

function utf8Of(point: number): number[] {
  if (point < 0x80) return [point];
  if (point < 0x800) return [0xc0 | (point >> 6), 0x80 | (point & 0x3f)];
  if (point < 0x10000) return [0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f)];
  return [0xf0 | (point >> 18), 0x80 | ((point >> 12) & 0x3f), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f)];
}
