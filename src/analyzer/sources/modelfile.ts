import type { MappedText, TextRange } from '../prompt.ts';
import { mapText, trim } from './mappedText.ts';
import type { PromptSource } from './promptSource.ts';
import { promptsFrom } from './promptsFrom.ts';

/** Ollama's Modelfile: the last SYSTEM counts. */
export const modelfile: PromptSource = {
  id: 'modelfile',
  title: 'Ollama Modelfile',
  patterns: ['**/Modelfile', '**/Modelfile.*', '**/*.modelfile'],
  extract: (file) => {
    const last = systemTexts(file.text).at(-1);
    return promptsFrom(file, 'modelfile', last === undefined ? [] : [{ mapped: last }], 'it has no SYSTEM instruction');
  },
};

/** What SYSTEM and `MESSAGE system` say, in order. Text in `"""` goes on over lines; commands inside it are text. */
function systemTexts(text: string): MappedText[] {
  const found: MappedText[] = [];
  const command = /^[ \t\uFEFF]*([A-Za-z]+)[ \t]+/gm;
  for (let match = command.exec(text); match !== null; match = command.exec(text)) {
    const name = match[1]!.toLowerCase();
    let start = match.index + match[0].length;
    let isSystem = name === 'system';
    const speaker = name === 'message' ? /system[ \t]+/iy : undefined;
    if (speaker !== undefined) {
      speaker.lastIndex = start;
      const said = speaker.exec(text);
      isSystem = said !== null;
      start += said?.[0].length ?? 0;
    }
    const value = valueAt(text, start);
    command.lastIndex = Math.max(value.next, command.lastIndex);
    if (isSystem) found.push(trim(mapText(text, value.range)));
  }
  return found;
}

function valueAt(text: string, start: number): { range: TextRange; next: number } {
  const lineEnd = /\r\n|\n|\r|$/g;
  lineEnd.lastIndex = start;
  const end = lineEnd.exec(text)!.index;
  for (const quote of ['"""', '"'] as const) {
    if (!text.startsWith(quote, start)) continue;
    const close = text.indexOf(quote, start + quote.length);
    if (close < 0 || (quote === '"' && close > end)) continue;
    return { range: { start: start + quote.length, end: close }, next: close + quote.length };
  }
  return { range: { start, end }, next: end };
}
