import { HoldfastError } from '../../errors.ts';
import { expressionSchema, parameterValues, parseCall, unknownName, type ExpressionKind } from '../expression.ts';
import { policyOf } from '../policies/index.ts';
import type { DecodeFamily } from './decodeFamily.ts';
import type { DecodePolicy } from './decodePolicy.ts';
import { h2oDecode } from './h2oDecode.ts';
import { intervalDecode } from './intervalDecode.ts';
import { mergingDecode } from './mergingDecode.ts';
import { tovaDecode } from './tovaDecode.ts';
import { windowDecode } from './windowDecode.ts';

/** Every policy that evicts while the model generates. */
export const decodeFamilies: readonly DecodeFamily[] = [
  windowDecode,
  h2oDecode,
  tovaDecode,
  intervalDecode,
  mergingDecode,
];

/** An expression that names a policy of `decodeFamilies`: `h2o(budget=25%)`, `decoding(knorm,interval=8,target=64)`. */
export type DecodeId = string;

const kind: ExpressionKind = {
  noun: 'policy while generating',
  examples: 'window(sinks=4,budget=128), h2o(budget=25%) or decoding(knorm,interval=8,target=64)',
};

/** @throws HoldfastError `invalid-settings` that says where the expression is wrong and what was meant. */
export function parseDecode(expression: string): DecodePolicy {
  const call = parseCall(expression, kind);
  const family = decodeFamilies.find(({ id }) => id === call.name);
  const known = decodeFamilies.map(({ id }) => id);
  if (family === undefined) throw unknownName(`There is no ${kind.noun} "${call.name}"`, call.name, known, expression);
  if (call.bases.length > (family.takesBase ? 1 : 0)) {
    throw new HoldfastError(
      'invalid-settings',
      `The ${kind.noun} "${expression}": ${call.name} takes ${family.takesBase ? 'one policy' : 'no policy'}.`,
      `Write one as ${kind.examples}.`,
    );
  }
  const [base] = call.bases;
  const given = parameterValues(call, family.schema, expression);
  return family.create(expression, given, base === undefined ? undefined : policyOf(base, expression));
}

/** What a setting says where nothing is evicted. */
export const noDecode = 'none';

/** Accepts what `parseDecode` accepts, and says what is wrong otherwise. */
export const decodeExpression = expressionSchema(parseDecode);

/** The same, or `none`. */
export const decodeSetting = expressionSchema((text) => (text === noDecode ? null : parseDecode(text)));
