import { z } from 'zod';
import { HoldfastError } from '../../errors.ts';
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
type FormatBody = Omit<CacheFormat, 'source' | 'parameters'>;

interface FamilyBody<Schema extends z.ZodType<Parameters>> extends Omit<FormatFamily, 'schema' | 'create'> {
  readonly schema: Schema;
  create(parameters: z.output<Schema>): FormatBody;
}

/** A family whose parameters are validated before a format is made of them. */
export function defineFormat<Schema extends z.ZodObject & z.ZodType<Parameters>>(
  family: FamilyBody<Schema>,
): FormatFamily {
  const { id, engine, source, schema } = family;
  return {
    ...family,
    create(given = {}) {
      const parsed = schema.safeParse(given);
      if (!parsed.success) {
        throw new HoldfastError(
          'invalid-settings',
          `Cache format ${id}: ${z.prettifyError(parsed.error)}`,
          `Parameters of ${engine}: ${Object.keys(schema.shape).join(', ')}.`,
        );
      }
      return { ...family.create(parsed.data), source, parameters: parsed.data };
    },
  };
}
