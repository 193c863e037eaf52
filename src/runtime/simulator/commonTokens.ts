/** How many tokens two sequences begin with in common. */
export function commonTokens(a: Int32Array, b: Int32Array): number {
  const different = a.findIndex((id, index) => b[index] !== id);
  return different < 0 ? a.length : different;
}
