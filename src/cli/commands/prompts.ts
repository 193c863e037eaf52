import { Command } from 'commander';
import { LineIndex, toFileRange } from '../../analyzer/fileRanges.ts';
import { printable } from '../../analyzer/formats/summary.ts';
import type { AuditInput } from '../../analyzer/outcome.ts';
import type { FileRange } from '../../analyzer/report.ts';
import { counted } from '../../analyzer/rules/wording.ts';
import { segment } from '../../analyzer/segmentation/index.ts';
import { HoldfastError } from '../../errors.ts';
import type { CommandContext } from '../command.ts';

/** A found prompt as `prompts --format json` shows it. */
interface FoundPrompt {
  readonly uri: string;
  readonly source: string;
  readonly range: FileRange;
  readonly instructions: { id: string; kind: string; strong: boolean; text: string; range: FileRange }[];
}

export function promptsCommand({ io, dependencies }: CommandContext): Command {
  return new Command('prompts')
    .summary('list the prompts and instructions that are found')
    .description('Lists the prompts that are found, with their instructions and ranges. Needs no model.')
    .argument('[FILE|GLOB...]', 'prompt files, folders or globs; without any, the prompts of the current folder')
    .option('--format <format>', 'How to write the result: text, json.', 'text')
    .action(async (patterns: string[], options: { format: string }) => {
      const render = renderers[options.format];
      if (render === undefined) {
        const known = Object.keys(renderers).join(', ');
        throw new HoldfastError('invalid-settings', `Unknown format "${options.format}".`, `Known formats: ${known}.`);
      }
      const inputs = await dependencies.findPrompts(patterns, io.cwd, io.signal);
      await io.out.write(render(inputs.map(found)));
    });
}

function found({ prompt, fileText }: AuditInput): FoundPrompt {
  const lines = new LineIndex(fileText);
  return {
    uri: prompt.uri,
    source: prompt.source,
    range: toFileRange(prompt, { start: 0, end: prompt.text.length }, lines),
    instructions: segment(prompt.text).instructions.map(({ id, kind, strong, text, range }) => ({
      id,
      kind,
      strong,
      text,
      range: toFileRange(prompt, range, lines),
    })),
  };
}

const renderers: Record<string, (prompts: readonly FoundPrompt[]) => string> = {
  json: (prompts) => `${JSON.stringify({ schemaVersion: 1, prompts }, null, 2)}\n`,
  text: (prompts) =>
    prompts
      .map(({ uri, source, instructions }) => {
        const rows = instructions.map(({ kind, strong, text, range: { start } }) => {
          const place = `${uri}:${start.line + 1}:${start.character + 1}`;
          return `  ${place}  ${kind}${strong ? ' (strong)' : ''}: ${printable(text).replace(/\s+/g, ' ')}\n`;
        });
        return `${uri}  (${source}, ${counted(instructions.length, 'instruction')})\n${rows.join('')}`;
      })
      .join('\n'),
};
