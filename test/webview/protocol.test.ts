import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSavedState, receiveFromHost, receiveFromWebview } from '../../webview/protocol.ts';
import { sampleReport } from '../support/sampleReport.ts';

test('a report, a progress and a reveal are received as they were sent', () => {
  const messages = [
    { type: 'report', report: sampleReport(), notice: null },
    { type: 'progress', fraction: 0.5, message: 'Prefill' },
    { type: 'reveal', uri: 'file:///a.md', instruction: 'abc' },
  ];
  for (const message of messages) assert.deepEqual(receiveFromHost(message), { message });
});

test('what the protocol does not know is a problem that names the type and the field', () => {
  const problemOf = (data: unknown): string => {
    const received = receiveFromHost(data);
    assert.ok('problem' in received);
    return received.problem;
  };
  assert.match(problemOf({ type: 'erase' }), /"erase"/);
  assert.match(problemOf({ type: 'progress', fraction: 2, message: '' }), /fraction/);
  for (const data of [undefined, null, 'report', 7, []]) assert.match(problemOf(data), /^ignored a message/);
});

test('a problem never repeats what the message said', () => {
  const received = receiveFromHost({ type: 'reveal', uri: 'file:///secret.md', instruction: 7, note: 'secret' });
  assert.ok('problem' in received);
  assert.doesNotMatch(received.problem, /secret/);
});

test('a message with a field that is not in the protocol is not received', () => {
  assert.ok('problem' in receiveFromWebview({ type: 'ready', command: 'workbench.action.quit' }));
  assert.deepEqual(receiveFromWebview({ type: 'ready' }), { message: { type: 'ready' } });
});

test('state of another version or shape is not restored', () => {
  assert.equal(readSavedState(undefined), undefined);
  assert.equal(readSavedState({ version: 0, shown: null, view: {} }), undefined);
});
