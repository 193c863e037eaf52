import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { segment } from '../../../src/analyzer/segmentation/index.ts';
import { labelledPrompts } from '../../labelled/labelledPrompt.ts';
import { assertSound } from './assertSound.ts';

/** Mutated prompts per run; 10,000 before a release: `HOLDFAST_FUZZ=10000`. */
const runs = Number(process.env.HOLDFAST_FUZZ ?? 500);
/** Processor time, because wall time says more about what else the machine does. A mutated prompt takes some milliseconds. */
const hangMs = 1000;

function processorMs(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

const prompts = labelledPrompts('development').map(({ text }) => text);

const insertion = fc.constantFrom(
  ...[
    '\n',
    '\n\n',
    '\r\n',
    ' ',
    '  - ',
    '\n1. ',
    '\n> ',
    '\n```\n',
    '\n| a | b |\n|---|---|\n| c | d |\n',
    '\n---\n',
    '\n===\n',
  ],
  ...[
    '<rules>',
    '</rules>',
    '\n<example>\n',
    '\n</example>\n',
    '<!--',
    '-->',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '`',
    '**',
    '(',
    ')',
    ';',
    '；',
  ],
  ...[
    '<!-- holdfast: begin instruction -->',
    '<!-- holdfast: end instruction -->',
    '\n<!-- holdfast: ignore -->\n',
    '# holdfast: x',
  ],
  ...[
    ', and never ',
    '。',
    '؟',
    '…',
    '\u0000',
    '\uFEFF',
    '\u2028',
    '😀',
    '\uD800',
    '\uE000',
    'é',
    'Never:',
    'Examples:\n\n',
  ],
);
const mutation = fc.record({
  kind: fc.constantFrom('insert', 'delete', 'repeat'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.nat({ max: 60 }),
  text: insertion,
});
const mutated = fc
  .tuple(
    fc.constantFrom(...prompts),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.array(mutation, { minLength: 1, maxLength: 8 }),
  )
  .map(([prompt, from, mutations]) => {
    const start = Math.trunc(from * Math.max(0, prompt.length - 600));
    return mutations.reduce(
      (text, { kind, at, length, text: added }) => {
        const place = Math.trunc(at * text.length);
        const rest = text.slice(place);
        if (kind === 'insert') return text.slice(0, place) + added + rest;
        return text.slice(0, place) + (kind === 'delete' ? rest.slice(length) : rest.slice(0, length) + rest);
      },
      prompt.slice(start, start + 600),
    );
  });

test('a mutated prompt is segmented into sound spans, at once', () => {
  fc.assert(
    fc.property(mutated, (text) => {
      const took = processorMs(() => segment(text));
      assertSound(text, segment(text));
      assert.ok(took < hangMs, `${took} ms`);
    }),
    { numRuns: runs },
  );
});

const fastest = (text: string): number => Math.min(...[0, 1, 2].map(() => processorMs(() => segment(text))));

test('time grows linearly with the length of an ordinary prompt', () => {
  const sample = prompts.join('\n\n').slice(0, 25_000);
  fastest(sample);
  const short = fastest(sample);
  const long = fastest(`${sample}\n\n${sample}\n\n${sample}\n\n${sample}`);
  assert.ok(long < 8 * short + 50, `${short} ms for 25 kB, ${long} ms for 100 kB`);
  assert.ok(long < 1000, `${long} ms for 100 kB`);
  if (process.env.HOLDFAST_FUZZ !== undefined) console.log(`ordinary: ${Math.round(long)} ms for 100 kB`);
});

test('hostile prompts of 25 kB do not hang', () => {
  const size = 25_000;
  const fill = (unit: string): string => unit.repeat(Math.ceil(size / unit.length)).slice(0, size);
  const hostile: Record<string, string> = {
    'open markers': fill('<!-- holdfast: '),
    'markers on lines': fill('<!-- holdfast: ignore -->\n'),
    begins: fill('Be kind.\n<!-- holdfast: begin ignore -->\n'),
    disables: fill('<!-- holdfast: disable prompt-leak -->\nBe kind.\n'),
    'template control': fill('{% a %} '),
    'open control': fill('{% '),
    'open JSON': fill('{\n'),
    'JSON of one key': fill('{"a":'),
    'tags before text': fill('<a>x\n'),
    'tags after text': fill('x</a>\n'),
    'tag pairs': fill('<a>x</a>\n'),
    semicolons: fill('never do it; '),
    'table rows': `| a | b |\n|---|---|\n${fill('| never | x |\n')}`,
    'nested items': fill('- a\n  - b\n    - c\n'),
    'one sentence': fill('never and '),
    'one word': fill('a'),
    quotes: fill('"a" '),
    'open brackets': fill('('),
    'turns of a dialogue': fill('User: a\n'),
    'bold lines': fill('**A**\n\n'),
  };
  for (const [name, text] of Object.entries(hostile)) {
    const took = processorMs(() => segment(text));
    assertSound(text, segment(text));
    // The Markdown parser takes half a millisecond per list item, and such a text holds thousands.
    assert.ok(took < 3000, `${name}: ${Math.round(took)} ms`);
    if (process.env.HOLDFAST_FUZZ !== undefined) console.log(`${name}: ${Math.round(took)} ms`);
  }
});
