import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segmentPrompt } from '../../../src/analyzer/segmentPrompt.ts';
import { fileOffsets } from '../../../src/analyzer/fileRanges.ts';
import { parseConfig } from '../../../src/analyzer/config/parseConfig.ts';
import { HoldfastError } from '../../../src/errors.ts';
import { samples } from './samples.ts';
import { assertMapped, extracted } from './support.ts';

/** Mutated inputs per parser; `npm run fuzz` makes 10,000. */
const inputsPerSample = Number(process.env.HOLDFAST_FUZZ ?? 100);
/** Long runs take minutes: only `npm run fuzz` tries them. */
const skip = process.env.HOLDFAST_FUZZ === undefined ? 'only in npm run fuzz' : false;
const runLength = 20_000;
const seed = Number(process.env.HOLDFAST_FUZZ_SEED ?? 1);
const mostMs = 1000;

/** Numbers in [0, 1) that are the same for a seed (mulberry32). */
function random(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const hostile = [
  ...[
    '"',
    "'",
    '`',
    '\\',
    '\\u12',
    '{',
    '}',
    '[',
    ']',
    '{{',
    '}}',
    '{%',
    '%}',
    '{#',
    '${',
    '<',
    '>',
    '&#x110000;',
    '---\n',
    '|',
    '>-\n',
  ],
  ...[
    ': ',
    '- ',
    '*a',
    '&a ',
    '!!binary ',
    '%',
    '@',
    '\n',
    '\r',
    '\t',
    '\0',
    '\uFEFF',
    '\uD800',
    '"""',
    "'''",
    'f"',
    'role',
    'system:',
  ],
  ...[
    '<message role="system">',
    '{{role "system"}}',
    '{{!--',
    '{% if',
    '{% endif %}',
    '@CLAUDE.md',
    '<![CDATA[',
    '<!--',
    '//',
    '/*',
    '#',
  ],
];

function mutated(text: string, next: () => number): string {
  const at = (length: number): number => Math.floor(next() * (length + 1));
  let result = text;
  for (let changes = 1 + at(4); changes > 0; changes--) {
    const from = at(result.length);
    const to = Math.min(result.length, from + at(20));
    const token = hostile[at(hostile.length - 1)]!;
    switch (at(6)) {
      case 0:
        result = result.slice(0, from) + result.slice(to);
        break;
      case 1:
        result = result.slice(0, to) + result.slice(from);
        break;
      case 2:
        result = result.slice(0, from);
        break;
      case 3:
        result = result.slice(0, from) + token.repeat(1 + at(40)) + result.slice(from);
        break;
      case 4:
        result = result.slice(0, from) + samples[at(samples.length - 1)]!.text.slice(at(200)) + result.slice(from);
        break;
      default:
        result = result.slice(0, from) + token + result.slice(to);
    }
  }
  return result;
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

async function check(path: string, text: string, files: Readonly<Record<string, string>> | undefined): Promise<void> {
  const start = cpuMs();
  const { prompts, elsewhere = [], reason } = await extracted(path, text, files);
  const took = cpuMs() - start;
  assert.ok(took < mostMs, `it took ${took.toFixed(0)} ms`);
  assert.equal(reason === null, prompts.length + elsewhere.length > 0);
  if (reason !== null) assert.notEqual(reason, '');
  for (const { prompt, fileText } of elsewhere) assertMapped(fileText, prompt);
  for (const prompt of prompts) {
    assertMapped(text, prompt);
    for (const { range } of segmentPrompt(prompt).instructions) {
      const { start: from, end } = fileOffsets(prompt, range);
      assert.ok(from >= 0 && from <= end && end <= text.length);
    }
  }
}

for (const [index, { path, text, files }] of samples.entries()) {
  test(`${path}: broken files give prompts with a right map or a reason`, async () => {
    const next = random(seed * 1000 + index);
    for (let i = 0; i < inputsPerSample; i++) {
      const input = mutated(text, next);
      try {
        await check(path, input, files);
      } catch (error) {
        throw new Error(`input ${i} of seed ${seed}: ${JSON.stringify(input)}`, { cause: error });
      }
    }
  });

  test(`${path}: long runs of what opens something end in time`, { skip }, async () => {
    for (const token of hostile) {
      for (const input of [
        text + token.repeat(runLength / token.length),
        token.repeat(runLength / token.length) + text,
      ]) {
        try {
          await check(path, input, files);
        } catch (error) {
          throw new Error(`${runLength} characters of ${JSON.stringify(token)}`, { cause: error });
        }
      }
    }
  });
}

test('broken configuration files are errors with a place', async () => {
  const config = 'policies: [snapkv]\nthresholds:\n  leak: 0.5\noverrides:\n  - files: ["a/**"]\n    ratios: [0.5]\n';
  const next = random(seed);
  for (let i = 0; i < inputsPerSample; i++) {
    const input = mutated(config, next);
    await parseConfig('holdfast.config.yaml', input).catch((error: unknown) => {
      assert.ok(error instanceof HoldfastError, `${JSON.stringify(input)}: ${String(error)}`);
      assert.match(error.message, /holdfast\.config\.yaml:\d+:\d+: /);
    });
  }
});
