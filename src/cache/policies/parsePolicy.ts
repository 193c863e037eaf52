import { HoldfastError } from '../../errors.ts';
import { parameterValues, parseCall, unknownName, type Call, type ExpressionKind } from '../expression.ts';
import type { Family } from './family.ts';
import type { Policy } from './policy.ts';

const policyKind: ExpressionKind = {
  noun: 'policy',
  examples: 'snapkv, snapkv(window=64) or adakv(snapkv,alpha=0.3)',
};

/** The policy that an expression names. @throws HoldfastError `invalid-settings`. */
export const parseExpression = (text: string, families: ReadonlyMap<string, Family>): Policy =>
  build(parseCall(text, policyKind), text, families);

/** The policy that a part of an expression names; `text` is the whole. @throws HoldfastError `invalid-settings`. */
export function build(call: Call, text: string, families: ReadonlyMap<string, Family>): Policy {
  const { name, bases } = call;
  const family = families.get(name);
  if (family === undefined) throw unknownName(`There is no policy "${name}"`, name, [...families.keys()], text);
  const given = parameterValues(call, family.schema, text);
  if (family.kind === 'wrapper')
    return family.around(
      bases.map((base) => build(base, text, families)),
      given,
    );
  if (bases.length > 0)
    throw new HoldfastError(
      'invalid-settings',
      `The policy "${text}": ${name} wraps no other policy.`,
      'Only wrappers take policies; `holdfast policies` lists them.',
    );
  return family.with(given);
}
