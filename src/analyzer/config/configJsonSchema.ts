import { z } from 'zod';
import { configSchema } from './configSchema.ts';

/** The JSON schema of configuration files, in the draft that VS Code knows whole: editors complete from it, and messages suggest from it. */
export function configJsonSchema(): Record<string, unknown> {
  return { title: 'Holdfast configuration', ...z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' }) };
}
