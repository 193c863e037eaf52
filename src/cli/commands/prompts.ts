import { Command } from 'commander';
import type { Instruction, Strength } from '../../analyzer/prompt.ts';
import { LineIndex, toFileRange } from '../../analyzer/fileRanges.ts';
import { printable } from '../../analyzer/formats/summary.ts';
import { emptyMeasurement } from '../../analyzer/measurement.ts';
import type { AuditInput } from '../../analyzer/outcome.ts';
import { promptReport } from '../../analyzer/promptReport.ts';
import type { FileRange, Finding } from '../../analyzer/report.ts';
import { runRules } from '../../analyzer/rules/index.ts';
import { counted } from '../../analyzer/rules/wording.ts';
import { segmentPrompt } from '../../analyzer/segmentPrompt.ts';
import { auditSettings } from '../../analyzer/settings.ts';
import { HoldfastError } from '../../errors.ts';
import type { CommandContext } from '../command.ts';
import { promptSearch } from '../promptSearch.ts';

/** A found prompt as `prompts --format json` shows it. */
interface FoundPrompt {
  readonly uri: string;
  readonly source: string;
  readonly role: string;
  /** True when a name or a shape suggests a prompt and nothing proves it; audited when the file is named. */
  readonly likely: boolean;
  readonly range: FileRange;
  readonly host: string | null;
  /** Template variables, imports and the like: text that the file does not hold itself. */
  readonly holes: { name: string; from: string; range: FileRange }[];
  readonly notes: readonly string[];
  readonly instructions: ListedInstruction[];
  /** Instructions that a marker takes out of audits. */
  readonly ignored: ListedInstruction[];
  /** Findings that need no model. */
  readonly findings: readonly Finding[];
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
      const search = await promptSearch(io.cwd);
      const inputs = await dependencies.findPrompts(patterns, io.cwd, io.signal, {
        ...search.options,
        includesLikely: true,
        note: (line) => io.err.write(`${line}\n`),
      });
      await io.out.write(render(inputs.map(found)));
    });
}

function found(input: AuditInput): FoundPrompt {
  const { prompt, fileText } = input;
  const lines = new LineIndex(fileText);
  const { instructions, ignored } = segmentPrompt(prompt);
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
  const settings = auditSettings.parse({});
  const report = promptReport(input, emptyMeasurement(prompt, settings), settings, 'no model was run');
  return {
    uri: prompt.uri,
    source: prompt.source,
    role: prompt.role ?? 'system',
    likely: prompt.isLikely === true,
    range: report.range,
    host: prompt.host?.title ?? null,
    holes: prompt.segments.flatMap(({ hole, text }) =>
      hole === undefined ? [] : [{ name: hole.name, from: hole.from, range: toFileRange(prompt, text, lines) }],
    ),
    notes: prompt.notes ?? [],
    instructions: instructions.map(listed),
    ignored: ignored.map(listed),
    findings: runRules(report, settings),
  };
}

const renderers: Record<string, (prompts: readonly FoundPrompt[]) => string> = {
  json: (prompts) => `${JSON.stringify({ schemaVersion: 1, prompts }, null, 2)}\n`,
  text: (prompts) => prompts.map(asText).join('\n'),
};

function asText({ uri, source, role, likely, host, notes, instructions, ignored, findings }: FoundPrompt): string {
  const at = ({ start }: FileRange): string => `${uri}:${start.line + 1}:${start.character + 1}`;
  const rows = instructions.map(({ kind, strong, mustHold, text, range }) => {
    const notes = [...(strong ? ['strong'] : []), ...(mustHold ? ['must hold'] : [])].join(', ');
    return `  ${at(range)}  ${kind}${notes === '' ? '' : ` (${notes})`}: ${printable(text).replace(/\s+/g, ' ')}`;
  });
  const problems = findings.map(({ rule, message, range }) => `  ${at(range)}  ${rule}: ${message}`);
  const traits = [
    source,
    ...(role === 'system' ? [] : [role]),
    ...(likely ? ['likely'] : []),
    counted(instructions.length, 'instruction'),
    ...(ignored.length > 0 ? [`${ignored.length} ignored`] : []),
    ...(host === null ? [] : [`within ${host}`]),
  ];
  const lines = [`${uri}  (${traits.join(', ')})`, ...notes.map((note) => `  Note: ${note}`), ...rows, ...problems];
  return `${lines.join('\n')}\n`;
}
