import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allSources, sourceFor, workspaceSources } from '../../../src/analyzer/sources/index.ts';

const cases: Record<string, string | undefined> = {
  'AGENTS.md': 'agents-md',
  'packages/api/AGENTS.md': 'agents-md',
  './AGENTS.md': 'agents-md',
  'packages\\api\\agents.md': 'agents-md',
  'CLAUDE.md': 'claude-md',
  '.claude/CLAUDE.md': 'claude-md',
  '.github/copilot-instructions.md': 'copilot-instructions',
  'system.md': 'system-file',
  'bots/system-de.txt': 'system-file',
  '.gemini/system.md': 'system-file',
  'system-prompt.md': 'system-file',
  'src/my_prompt_v2.txt': 'prompt-file',
  'prompts/support.prompt.md': 'prompt-file',
  '.github/prompts/review.prompt.md': undefined,
  'prompts/support.md': undefined,
  'README.md': undefined,
  'ecosystem.md': undefined,
  'system.json': undefined,
  'copilot-instructions.md': undefined,
};

for (const [path, id] of Object.entries(cases)) {
  test(`${path} belongs to ${id ?? 'no source'}`, () => assert.equal(sourceFor(path)?.id, id));
}

test('source ids are unique, and every workspace source has patterns', () => {
  assert.equal(new Set(allSources.map((source) => source.id)).size, allSources.length);
  assert.ok(workspaceSources.every((source) => source.patterns.length > 0));
});
