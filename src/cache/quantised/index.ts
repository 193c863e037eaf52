import { HoldfastError } from '../../errors.ts';
import {
  expressionSchema,
  parameterValues,
  parseCall,
  unknownName,
  type Call,
  type ExpressionKind,
} from '../expression.ts';
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

const formatKind: ExpressionKind = {
  noun: 'cache format',
  examples: 'llamacpp, llamacpp(keys=q8_0,values=q4_0) or mlx(bits=3)',
};

/**
 * A format from its name on a command line or in settings: a family, and parameters that differ from the defaults, as in
 * `llamacpp(keys=q8_0,values=q4_0)` or `mlx(bits=3)`.
 *
 * @throws HoldfastError `invalid-settings` for an unknown family or parameter.
 */
export const parseCacheFormat = (text: string): CacheFormat => cacheFormatOf(parseCall(text, formatKind), text);

/** The format that a parsed call names; `text` is the whole expression. @throws as `parseCacheFormat`. */
export function cacheFormatOf(call: Call, text: string): CacheFormat {
  const family = formatFamilies.find(({ id }) => id === call.name);
  if (family === undefined)
    throw unknownName(
      `There is no cache format "${call.name}"`,
      call.name,
      formatFamilies.map(({ id }) => id),
      text,
    );
  if (call.bases.length > 0) {
    throw new HoldfastError(
      'invalid-settings',
      `The cache format "${text}": ${call.name} stores every entry, so no policy chooses any.`,
      'Only mikv takes a policy.',
    );
  }
  return family.create(parameterValues(call, family.schema, text));
}

/** Accepts what `parseCacheFormat` accepts, and says what is wrong otherwise. */
export const cacheFormatExpression = expressionSchema(parseCacheFormat);

/** Formats as engines offer them: the uniform arms of a comparison at equal bytes. */
export const uniformFormats: readonly CacheFormat[] = [
  'llamacpp',
  'vllm-token-head',
  'vllm-fp8',
  'vllm-fp8(type=fp8_e5m2)',
  'mlx(bits=8)',
  'llamacpp(keys=q4_0,values=q4_0)',
  'vllm-token-head(type=int4_per_token_head)',
  'mlx',
  'huggingface',
  'mlx(bits=3)',
  'kivi(keyBits=4,valueBits=4)',
  'huggingface(bits=2)',
  'mlx(bits=2)',
  'kivi',
].map(parseCacheFormat);
