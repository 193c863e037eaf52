import { HoldfastError } from '../../errors.ts';
import type { FormatFamily } from './formatFamily.ts';
import { fp16 } from './fp16.ts';
import { huggingFace } from './huggingFace.ts';
import { kivi } from './kivi.ts';
import { llamaCpp } from './llamaCpp.ts';
import { mlx } from './mlx.ts';
import type { CacheFormat } from './quantisedCache.ts';
import { vllmFp8 } from './vllmFp8.ts';
import { vllmTokenHead } from './vllmTokenHead.ts';

/** Every family of cache formats. */
export const formatFamilies: readonly FormatFamily[] = [fp16, llamaCpp, vllmFp8, vllmTokenHead, kivi, mlx, huggingFace];

/**
 * A format from its name on a command line or in settings: a family, and parameters that differ from the defaults, as in
 * `llamacpp:keys=q8_0,values=q4_0` or `mlx:bits=3`.
 *
 * @throws HoldfastError `invalid-settings` for an unknown family or parameter.
 */
export function parseCacheFormat(text: string): CacheFormat {
  const [id = '', ...rest] = text.split(':');
  const family = formatFamilies.find((candidate) => candidate.id === id.trim());
  if (family === undefined) {
    throw new HoldfastError(
      'invalid-settings',
      `There is no cache format "${id}".`,
      `Known: ${formatFamilies.map((known) => known.id).join(', ')}.`,
    );
  }
  const parameters: Record<string, string | number | boolean> = {};
  for (const pair of rest.join(':').split(',')) {
    if (pair.trim() === '') continue;
    const [name = '', value, ...more] = pair.split('=').map((part) => part.trim());
    if (value === undefined || more.length > 0) {
      throw new HoldfastError(
        'invalid-settings',
        `Cache format "${text}": "${pair.trim()}" is not name=value.`,
        `Write, for example: ${id}:${Object.keys(family.schema.shape)[0] ?? 'name'}=value.`,
      );
    }
    parameters[name] = parameterValue(value);
  }
  return family.create(parameters);
}

function parameterValue(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** Formats as engines offer them: the uniform arms of a comparison at equal bytes. */
export const uniformFormats: readonly CacheFormat[] = [
  'llamacpp',
  'vllm-token-head',
  'vllm-fp8',
  'vllm-fp8:type=fp8_e5m2',
  'mlx:bits=8',
  'llamacpp:keys=q4_0,values=q4_0',
  'vllm-token-head:type=int4_per_token_head',
  'mlx',
  'huggingface',
  'mlx:bits=3',
  'kivi:keyBits=4,valueBits=4',
  'huggingface:bits=2',
  'mlx:bits=2',
  'kivi',
].map(parseCacheFormat);
