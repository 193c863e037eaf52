/** Unchanged lines shown around a change. */
const contextLines = 3;

interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/**
 * A unified diff as `diff -u` writes it, '' when nothing changed. Lines are matched by their longest common
 * subsequence, O(n*m): prompts have some hundreds of lines.
 */
export function unifiedDiff(before: string, after: string, name: string): string {
  if (before === after) return '';
  const lines = matched(splitLines(before), splitLines(after));
  const shown = lines.map((_, i) =>
    lines.slice(Math.max(0, i - contextLines), i + contextLines + 1).some(({ mark }) => mark !== ' '),
  );
  const output = [`--- a/${name}`, `+++ b/${name}`];
  let oldLine = 1;
  let newLine = 1;
  for (let i = 0; i < lines.length;) {
    if (!shown[i]) {
      oldLine++;
      newLine++;
      i++;
      continue;
    }
    const end = shown.indexOf(false, i);
    const hunk = lines.slice(i, end === -1 ? undefined : end);
    const olds = hunk.filter(({ mark }) => mark !== '+').length;
    const news = hunk.filter(({ mark }) => mark !== '-').length;
    output.push(`@@ -${span(oldLine, olds)} +${span(newLine, news)} @@`);
    for (const { mark, text } of hunk) {
      output.push(`${mark}${text.replace(/\n$/, '')}`);
      if (!text.endsWith('\n')) output.push('\\ No newline at end of file');
    }
    oldLine += olds;
    newLine += news;
    i += hunk.length;
  }
  return `${output.join('\n')}\n`;
}

const span = (line: number, count: number): string =>
  count === 1 ? `${line}` : `${count === 0 ? line - 1 : line},${count}`;

/** Lines with their ends; no empty last line. */
const splitLines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

function matched(a: readonly string[], b: readonly string[]): Line[] {
  // common[i][j]: length of the longest common subsequence of a[i..] and b[j..]
  const common = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i]![j] = a[i] === b[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
    }
  }
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ mark: ' ', text: a[i]! });
      i++;
      j++;
    } else if (i < a.length && (j === b.length || common[i + 1]![j]! >= common[i]![j + 1]!)) {
      lines.push({ mark: '-', text: a[i++]! });
    } else {
      lines.push({ mark: '+', text: b[j++]! });
    }
  }
  return lines;
}
