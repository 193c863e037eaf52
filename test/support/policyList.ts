import { parsePolicy, policyFamilies, wrapperFamilies } from '../../src/cache/policies/index.ts';
import type { Policy } from '../../src/cache/policies/policy.ts';
import { HoldfastError } from '../../src/errors.ts';

/** Parameters that a wrapper has to be given, or that make a policy do something on a short prefix of two layers. */
const parametersOf: Readonly<Record<string, string>> = {
  'per-layer': 'ratios=0.3:0.6',
  dms: 'threshold=-1.2,window=4',
  simlayer: 'threshold=0.1,recent=6,initial=2',
  snapkv: 'window=6',
  pyramid: 'window=2,beta=2',
  lagkv: 'lag=8,sinks=2',
  'expected-attention': 'future=16',
  capkv: 'future=16',
  noncausal: 'chunk=16',
  compactor: 'chunk=16,start=3,end=2,sketch=6',
  leverage: 'sketch=6',
  kvzip: 'chunk=16',
  chunkkv: 'length=5',
  chunk: 'length=14',
  block: 'length=4',
};

const expressionOf = (id: string, bases: readonly string[] = []): string => {
  const inner = [...bases, parametersOf[id] ?? ''].filter((part) => part !== '').join(',');
  return inner === '' ? id : `${id}(${inner})`;
};

/** Every policy, small enough for prefixes of some tens of tokens. */
export const everyPolicy: readonly Policy[] = policyFamilies.map(({ id }) => parsePolicy(expressionOf(id)));

/** Every wrapper around every policy that it takes. */
export const everyWrapped: readonly Policy[] = wrapperFamilies.flatMap(({ id, bases: [count] }) =>
  policyFamilies.flatMap((base) => {
    const bases = [expressionOf(base.id), ...Array<string>(count - 1).fill('knorm')];
    try {
      return [parsePolicy(expressionOf(id, bases))];
    } catch (error) {
      if (error instanceof HoldfastError && error.code === 'invalid-settings') return [];
      throw error;
    }
  }),
);

/** The outermost name of an expression. */
export const nameOf = (policy: Policy): string => /^[\w-]+/.exec(policy.id)![0];
