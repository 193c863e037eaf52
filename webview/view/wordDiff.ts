export interface DiffPart {
  readonly text: string;
  readonly differs: boolean;
}

const words = (text: string): string[] => text.match(/\s+|[\p{L}\p{N}_]+(?:['’]\p{L}+)*|[^\s\p{L}\p{N}_]/gu) ?? [];
const isSpace = (word: string): boolean => /^\s+$/.test(word);

/**
 * Marks the words in which two answers differ, by their longest common subsequence of words; white space never differs by itself.
 * Answers are at most some hundred tokens long, so the quadratic table is small.
 */
export function wordDiff(left: string, right: string): { readonly left: DiffPart[]; readonly right: DiffPart[] } {
  const a = words(left);
  const b = words(right);
  const aWords = a.filter((word) => !isSpace(word));
  const bWords = b.filter((word) => !isSpace(word));
  const width = bWords.length + 1;
  const common = new Uint32Array((aWords.length + 1) * width);
  for (let i = aWords.length - 1; i >= 0; i--)
    for (let j = bWords.length - 1; j >= 0; j--)
      common[i * width + j] =
        aWords[i] === bWords[j]
          ? common[(i + 1) * width + j + 1]! + 1
          : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);

  const aDiffers = new Array<boolean>(aWords.length).fill(true);
  const bDiffers = new Array<boolean>(bWords.length).fill(true);
  for (let i = 0, j = 0; i < aWords.length && j < bWords.length;) {
    if (aWords[i] === bWords[j]) {
      aDiffers[i++] = false;
      bDiffers[j++] = false;
    } else if (common[(i + 1) * width + j]! >= common[i * width + j + 1]!) i++;
    else j++;
  }
  return { left: joined(a, aDiffers), right: joined(b, bDiffers) };
}

/** Runs of equal state, white space between two differing words counted with them. */
function joined(parts: readonly string[], differs: readonly boolean[]): DiffPart[] {
  const result: { text: string; differs: boolean }[] = [];
  let word = 0;
  for (const part of parts) {
    const state = isSpace(part) ? word > 0 && differs[word - 1]! && (differs[word] ?? false) : differs[word++]!;
    const last = result.at(-1);
    if (last?.differs === state) last.text += part;
    else result.push({ text: part, differs: state });
  }
  return result;
}
