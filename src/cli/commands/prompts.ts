import { Command } from 'commander';
import type { Instruction, Strength } from '../../analyzer/prompt.ts';
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
  readonly instructions: ListedInstruction[];
  /** Instructions that a marker takes out of audits. */
  readonly ignored: ListedInstruction[];
  readonly markerProblems: { message: string; hint: string | null; range: FileRange }[];
}

interface ListedInstruction {
  readonly id: string;
  readonly kind: string;
  readonly strong: boolean;
  readonly strength: Strength;
  readonly mustHold: boolean;
  readonly suppressedRules: readonly string[];
  readonly text: string;
  readonly range: FileRange;
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
  const { instructions, ignored, markerProblems } = segment(prompt.text);
  const listed = ({ id, kind, strong, strength, mustHold, suppressedRules, text, range }: Instruction) => ({
    id,
    kind,
    strong,
    strength,
    mustHold,
    suppressedRules,
    text,
    range: toFileRange(prompt, range, lines),
  });
  return {
    uri: prompt.uri,
    source: prompt.source,
    range: toFileRange(prompt, { start: 0, end: prompt.text.length }, lines),
    instructions: instructions.map(listed),
    ignored: ignored.map(listed),
    markerProblems: markerProblems.map(({ range, message, hint }) => ({
      message,
      hint: hint ?? null,
      range: toFileRange(prompt, range, lines),
    })),
  };
}

const renderers: Record<string, (prompts: readonly FoundPrompt[]) => string> = {
  json: (prompts) => `${JSON.stringify({ schemaVersion: 1, prompts }, null, 2)}\n`,
  text: (prompts) =>
    prompts
      .map(({ uri, source, instructions, ignored, markerProblems }) => {
        const place = ({ start }: FileRange): string => `${uri}:${start.line + 1}:${start.character + 1}`;
        const rows = instructions.map(({ kind, strong, mustHold, text, range }) => {
          const notes = [...(strong ? ['strong'] : []), ...(mustHold ? ['must hold'] : [])].join(', ');
          return `  ${place(range)}  ${kind}${notes === '' ? '' : ` (${notes})`}: ${printable(text).replace(/\s+/g, ' ')}\n`;
        });
        const problems = markerProblems.map(
          ({ message, hint, range }) =>
            `  ${place(range)}  marker without effect: ${printable(message)}.${hint === null ? '' : ` ${hint}`}\n`,
        );
        const facts = [
          counted(instructions.length, 'instruction'),
          ...(ignored.length > 0 ? [`${ignored.length} ignored`] : []),
        ];
        return `${uri}  (${[source, ...facts].join(', ')})\n${rows.join('')}${problems.join('')}`;
      })
      .join('\n'),
};
