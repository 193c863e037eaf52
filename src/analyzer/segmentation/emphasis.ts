import { stressWords } from './cues/index.ts';
import { codeRanges } from './sentences.ts';

/** True when the author marks the text: stress words in capitals, a run of capital words, or bold that is not a label. */
export function isStrong(text: string): boolean {
  const units = text.split('');
  for (const { start, end } of codeRanges(text)) units.fill(' ', start, end);
  const plain = units.join('');
  const isCapital = (word: string): boolean =>
    word.length > 1 && word === word.toUpperCase() && word !== word.toLowerCase();
  const words = plain.match(/\p{L}[\p{L}'’]*/gu) ?? [];
  if (words.some((word) => isCapital(word) && stressWords.has(word.toLowerCase().replace(/['’]/g, '')))) return true;
  if (/(?<![\p{L}\p{N}])\p{Lu}{2,}(?:\s+\p{Lu}{2,}){2,}(?![\p{L}\p{N}])/u.test(plain)) return true;
  for (const match of plain.matchAll(/(\*\*|__)(?=\S)(.{1,300}?)(?<=\S)\1(:?)/gsu)) {
    const isLabel = match[3] === ':' || /[:：]$/.test(match[2]!);
    const opensNote = match.index === 0 && /^\s*[-–—]\s/.test(plain.slice(match[0].length));
    if (!isLabel && !opensNote) return true;
  }
  return false;
}
