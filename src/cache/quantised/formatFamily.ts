import type { z } from 'zod';
import { expressionOf, nonDefault, parsedParameters } from '../parameters.ts';
import type { CacheFormat } from './quantisedCache.ts';

type Parameters = Record<string, string | number | boolean>;

/** One engine's way to store caches, with parameters. */
export interface FormatFamily {
  readonly id: string;
  readonly engine: string;
  /** One line: what it stores. */
  readonly summary: string;
  readonly source: string;
  readonly schema: z.ZodObject;
  /** @throws HoldfastError `invalid-settings` for parameters that the engine does not have. */
  create(parameters?: unknown): CacheFormat;
}

/** A format without what its family knows. */
type FormatBody = Omit<CacheFormat, 'id' | 'source' | 'parameters'>;

interface FamilyBody<Schema extends z.ZodType<Parameters>> extends Omit<FormatFamily, 'schema' | 'create'> {
  readonly schema: Schema;
  create(parameters: z.output<Schema>): FormatBody;
}

/** A family whose parameters are validated before a format is made of them. */
export function defineFormat<Schema extends z.ZodObject & z.ZodType<Parameters>>(
  family: FamilyBody<Schema>,
): FormatFamily {
  const { id, source, schema } = family;
  return {
    ...family,
    create(given = {}) {
      const parameters = parsedParameters(id, schema, given);
      const expression = expressionOf(id, nonDefault(schema, parameters));
      return { ...family.create(parameters), id: expression, source, parameters };
    },
  };
}
