import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy, policyExpression } from '../../src/cache/policies/index.ts';
import { splitExpressions } from '../../src/cache/expression.ts';
import { HoldfastError } from '../../src/errors.ts';
import { everyPolicy, everyWrapped } from '../support/policyList.ts';

test('an expression reads back as the same policy, with defaults left out', () => {
  for (const policy of [...everyPolicy, ...everyWrapped]) {
    const again = parsePolicy(policy.id);
    assert.equal(again.id, policy.id);
    assert.deepEqual(again.parameters, policy.parameters);
  }
  assert.equal(parsePolicy(' adakv( snapkv( window = 16 ) , alpha=0.3 ) ').id, 'adakv(snapkv,alpha=0.3)');
  assert.equal(parsePolicy('per-layer(knorm,ratios=0.2:0.4)').id, 'per-layer(knorm,ratios=0.2:0.4)');
  assert.equal(parsePolicy('snapkv(window=64)').title, 'SnapKV window 64');
  assert.equal(parsePolicy('adakv(snapkv(window=64))').title, 'AdaKV (SnapKV window 64)');
});

test('what is wrong with an expression is said, with what was likely meant', () => {
  const cases: [string, RegExp][] = [
    ['snapvk', /There is no policy "snapvk"\. Did you mean "snapkv"\?/],
    ['adakv(snapvk)', /There is no policy "snapvk" \(in "adakv\(snapvk\)"\)\. Did you mean "snapkv"\?/],
    ['snapkv(windw=3)', /snapkv has no parameter "windw".*Did you mean "window"\?/],
    ['snapkv(window=0)', /Parameters of snapkv: window: Too small/],
    ['snapkv(window=big)', /Parameters of snapkv: window:/],
    ['snapkv(kernel=4)', /kernel: an odd number/],
    ['adakv', /adakv wraps 1 policy, got 0/],
    ['composed(knorm)', /composed wraps 2 or more policies, got 1/],
    ['snapkv(knorm)', /snapkv wraps no other policy/],
    ['adakv(kvzip)', /kvzip chooses entries in its own way/],
    ['block(snapkv)', /snapkv reads more than keys and values/],
    ['per-layer(pyramid,ratios=0.5)', /pyramid has its own budget/],
    ['criticalkv(expected-attention)', /already weighs values: give it valueNorm=false/],
    ['dms(knorm)', /Parameters of dms: threshold/],
    ['snapkv(window=3', /a "\)" is missing at character 16/],
    ['snapkv(window=)', /a value is missing/],
    ['snapkv)', /unexpected "\)"/],
    ['', /the id of a policy is missing/],
    ['snapkv(window=3,window=4)', /"window" stands twice/],
  ];
  for (const [expression, problem] of cases)
    assert.throws(
      () => parsePolicy(expression),
      (error) => {
        assert.ok(error instanceof HoldfastError && error.code === 'invalid-settings', expression);
        assert.match(error.message, problem);
        return true;
      },
    );
});

test('a list is divided at the commas outside parentheses', () => {
  assert.deepEqual(splitExpressions('snapkv, adakv(h2o,alpha=0.3) ,chunkkv(adakv(tova,alpha=0),length=3)'), [
    'snapkv',
    'adakv(h2o,alpha=0.3)',
    'chunkkv(adakv(tova,alpha=0),length=3)',
  ]);
});

test('settings accept every expression and refuse others with the same reason', () => {
  assert.equal(policyExpression.parse('criticalkv(tova)'), 'criticalkv(tova)');
  const refused = policyExpression.safeParse('snapvk');
  assert.match(refused.error?.issues[0]?.message ?? '', /Did you mean "snapkv"\?/);
});
