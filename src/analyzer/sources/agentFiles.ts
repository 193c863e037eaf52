import type { LengthLimit, MappedText, Prompt } from '../prompt.ts';
import { at } from './data/dataNode.ts';
import { readYaml } from './data/yamlData.ts';
import { frontMatter } from './frontMatter.ts';
import { imports } from './imports.ts';
import { expandIncludes } from './includes.ts';
import type { PromptSource, SourceFile } from './promptSource.ts';
import { promptsFrom, type FoundText } from './promptsFrom.ts';
import { mostFoldersAbove } from './readUpwards.ts';
import { scopeNotes } from './scope.ts';
import { renderTemplate } from './template.ts';
import { bodyOf, whyEmpty } from './wholeFile.ts';

/** A convention whose whole body is prompt text. */
interface AgentFile {
  readonly id: string;
  readonly title: string;
  readonly patterns: readonly string[];
  /** Files of the user's own turns: read when named. */
  readonly isUserTurn?: true;
  /** The file is the whole system prompt: no tool puts text of its own before it. */
  readonly isWhole?: true;
  readonly imports?: true;
  readonly limit?: Omit<LengthLimit, 'before'>;
  /** The tool joins the files of this name from the root down to the folder, and its limit is on all of them. */
  readonly isMerged?: true;
  /** `${name}` and `$ARGUMENTS` are variables. */
  readonly hasVariables?: true;
  /** The front matter's description is in context even where the body is not. */
  readonly hasDescription?: true;
}

/** Limits are those of the tools' documentation; the characters of Windsurf are UTF-16 units here. */
const agentFiles: readonly AgentFile[] = [
  { id: 'junie-guidelines', title: 'Junie guidelines', patterns: ['**/.junie/{guidelines,AGENTS}.md'] },
  {
    id: 'agents-md',
    title: 'AGENTS.md',
    patterns: ['**/AGENTS.md', '**/AGENTS.override.md', '**/AGENTS.local.md'],
    limit: { tool: 'Codex', unit: 'bytes', most: 32_768 },
    isMerged: true,
  },
  {
    id: 'claude-md',
    title: 'CLAUDE.md',
    patterns: ['**/CLAUDE.md', '**/CLAUDE.local.md'],
    imports: true,
  },
  { id: 'claude-rules', title: 'Claude Code rules', patterns: ['**/.claude/rules/**/*.md'] },
  { id: 'claude-agent', title: 'Claude Code agent', patterns: ['**/.claude/agents/**/*.md'], isWhole: true },
  {
    id: 'claude-command',
    title: 'Claude Code command',
    patterns: ['**/.claude/commands/**/*.md'],
    isUserTurn: true,
    hasVariables: true,
    imports: true,
  },
  { id: 'claude-output-style', title: 'Claude Code output style', patterns: ['**/.claude/output-styles/**/*.md'] },
  { id: 'gemini-md', title: 'GEMINI.md', patterns: ['**/GEMINI.md'], imports: true },
  {
    id: 'gemini-system',
    title: 'Gemini CLI system prompt',
    patterns: ['**/.gemini/system.md'],
    isWhole: true,
    hasVariables: true,
  },
  {
    id: 'copilot-instructions',
    title: 'GitHub Copilot instructions',
    patterns: ['**/.github/copilot-instructions.md'],
  },
  { id: 'instructions-md', title: 'Instructions file', patterns: ['**/*.instructions.md'] },
  {
    id: 'copilot-prompt',
    title: 'GitHub Copilot prompt file',
    patterns: ['**/.github/prompts/**/*.prompt.md'],
    isUserTurn: true,
    hasVariables: true,
  },
  {
    id: 'agent-md',
    title: 'Custom agent',
    patterns: ['**/*.agent.md', '**/.github/agents/**/*.md', '**/*.chatmode.md'],
  },
  { id: 'cursor-rule', title: 'Cursor rule', patterns: ['**/*.mdc', '**/.cursorrules'] },
  {
    id: 'windsurf-global-rules',
    title: 'Windsurf global rules',
    patterns: ['**/.codeium/windsurf/**/global_rules.md', '**/global_rules.md'],
    limit: { tool: 'Windsurf', unit: 'characters', most: 6_000 },
  },
  {
    id: 'windsurf-rules',
    title: 'Windsurf rules',
    patterns: ['**/.windsurfrules', '**/.windsurf/rules/**/*.md'],
    limit: { tool: 'Windsurf', unit: 'characters', most: 12_000 },
  },
  { id: 'cline-rules', title: 'Cline rules', patterns: ['**/.clinerules', '**/.clinerules/**/*.{md,txt}'] },
  { id: 'roo-rules', title: 'Roo Code rules', patterns: ['**/.roo/rules*/**/*.{md,txt}', '**/.roorules*'] },
  { id: 'kiro-steering', title: 'Kiro steering', patterns: ['**/.kiro/steering/**/*.md'] },
  { id: 'zed-rules', title: 'Zed rules', patterns: ['**/.rules'] },
  { id: 'aider-conventions', title: 'Aider conventions', patterns: ['**/CONVENTIONS.md'] },
  { id: 'augment-rules', title: 'Augment rules', patterns: ['**/.augment/rules/**/*.md', '**/.augment-guidelines'] },
  { id: 'jetbrains-rules', title: 'JetBrains AI Assistant rules', patterns: ['**/.aiassistant/rules/**/*.md'] },
  { id: 'goose-hints', title: 'goose hints', patterns: ['**/.goosehints'] },
  { id: 'qwen-md', title: 'QWEN.md', patterns: ['**/QWEN.md'], imports: true },
  { id: 'warp-md', title: 'WARP.md', patterns: ['**/WARP.md'] },
  { id: 'replit-md', title: 'replit.md', patterns: ['**/replit.md'] },
  { id: 'opencode-agent', title: 'opencode agent', patterns: ['**/.opencode/agents/**/*.md'], isWhole: true },
  { id: 'devin-rules', title: 'Devin rules', patterns: ['**/.devin/**/*.md'] },
  { id: 'grok-rules', title: 'Grok rules', patterns: ['**/.grok/rules/**/*.md'] },
  { id: 'skill-md', title: 'Skill', patterns: ['**/SKILL.md'], hasDescription: true },
];

export const agentFileSources: readonly PromptSource[] = agentFiles.map((convention) => ({
  id: convention.id,
  title: convention.title,
  patterns: convention.patterns,
  ...(convention.isUserTurn ? { isOnRequest: true } : {}),
  ...(convention.isUserTurn || convention.isWhole ? {} : { isHosted: true }),
  extract: async (file, options) => {
    const body = bodyOf(file.text);
    const { mapped, notes } = convention.imports
      ? await expandIncludes(body, file.uri, file.read, imports)
      : { mapped: body, notes: [] };
    const traits: Pick<Prompt, 'role' | 'limits'> = {
      ...(convention.isUserTurn ? { role: 'user' } : {}),
      ...(convention.limit === undefined
        ? {}
        : { limits: [{ ...convention.limit, before: convention.isMerged ? await bytesAbove(file) : 0 }] }),
    };
    const told = [...notes, ...scopeNotes(file.text)];
    const text = convention.hasVariables ? renderTemplate(mapped, 'dollar', {}, options) : mapped;
    const found: FoundText[] = [{ ...traits, ...(told.length === 0 ? {} : { notes: told }), mapped: text }];
    const description = convention.hasDescription ? await descriptionOf(file.text) : undefined;
    if (description !== undefined)
      found.push({ mapped: description, isLikely: true, notes: ['It is in context also where the body is not.'] });
    return promptsFrom(file, convention.id, found, whyEmpty(file.text));
  },
}));

async function descriptionOf(fileText: string): Promise<MappedText | undefined> {
  const { matter, kind } = frontMatter(fileText);
  if (matter === null || kind !== 'yaml') return undefined;
  const result = await readYaml(fileText, matter.start, matter.end);
  const description = 'root' in result ? at(result.root, 'description') : undefined;
  return description?.kind === 'string' ? description.mapped() : undefined;
}

/**
 * UTF-8 bytes of the AGENTS.md files in the folders above, up to the workspace's: a tool that merges them reads those first.
 * An override takes the place of its neighbour.
 */
async function bytesAbove({ read }: SourceFile): Promise<number> {
  let bytes = 0;
  for (let level = 1; level <= mostFoldersAbove; level++) {
    const folder = '../'.repeat(level);
    const override = await read(`${folder}AGENTS.override.md`);
    const file = 'text' in override ? override : await read(`${folder}AGENTS.md`);
    if ('text' in file) bytes += Buffer.byteLength(file.text);
    else if (file.isOutside) break;
  }
  return bytes;
}
