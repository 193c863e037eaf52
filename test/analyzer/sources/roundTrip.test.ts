import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parse, stringify, type ToStringOptions } from 'yaml';
import { fileOffsets } from '../../../src/analyzer/fileRanges.ts';
import { writeBack } from '../../../src/analyzer/writeBack.ts';
import { assertMapped, extracted } from './support.ts';

/** Texts with everything that notations escape, fold, or take for their own. */
const pieces = fc.constantFrom(
  ...[
    'a',
    'Be brief.',
    'é',
    '😀',
    ' ',
    '  ',
    '\n',
    '\n\n',
    '\t',
    '"',
    "'",
    '`',
    '\\',
    '\\n',
    '${',
    '{',
    '}',
    '#',
    ': ',
    '- ',
  ],
  ...['"""', "'''", '\u0007', '\u2028', '&', '<b>', '%', '|', '>', '---', '...', '*', '\\u0041', '@x'],
);
const text = fc.array(pieces, { minLength: 1, maxLength: 24 }).map((parts) => parts.join(''));
/** What a prompt may be: not blank, and a letter at both ends, so that no notation trims it. */
const promptText = text.map((inner) => `A${inner}Z`);
/** The same texts in every run; `npm run fuzz` tries more, and others. */
const runs = {
  numRuns: Math.max(300, Number(process.env.HOLDFAST_FUZZ ?? 0) / 10),
  seed: Number(process.env.HOLDFAST_FUZZ_SEED ?? 20_261_123),
};

const indented = (value: string, indent: string): string => value.replace(/\n(?!\n|$)/g, `\n${indent}`);
const jsString = (value: string, quote: string): string =>
  quote +
  JSON.stringify(value)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll(quote, `\\${quote}`)
    .replaceAll('\u2028', '\\u2028') +
  quote;
const template = (value: string): string =>
  `\`${value.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')}\``;
const xml = (value: string): string => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const triple = (value: string): string => `"""${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"""`;
const yaml = (value: string, options: ToStringOptions): string =>
  stringify({ messages: [{ role: 'system', content: value }] }, { lineWidth: 20, ...options });

/** Written by hand: what the author of a file would type, over more than one line where a space allows it. */
const folded = (value: string): string =>
  `messages:\n  - role: system\n    content: >-\n      ${value.replaceAll('\n', '\n\n      ').replace(/(?<=\w) (?=\w)/, '\n      ')}\n`;

interface Notation {
  readonly path: string;
  readonly write: (value: string) => string;
  /** A text without what the notation reads as its own; that is another test. */
  readonly clean?: (value: string) => string;
}

const withoutBraces = (value: string): string => value.replaceAll(/[{}]/g, '');
const matter = '---\nname: x\n---\n';

const notations: Readonly<Record<string, Notation>> = {
  Markdown: {
    path: 'CLAUDE.md',
    write: (value) => `${matter}\n${value}\n`,
    clean: (value) => value.replaceAll('@', ''),
  },
  'Markdown with CRLF': {
    path: 'AGENTS.md',
    write: (value) => `\uFEFF${matter}${value}\n`.replaceAll('\n', '\r\n'),
  },
  Prompty: {
    path: 'a.prompty',
    write: (value) => `${matter}system:\n${value}\n\nuser:\nHi\n`,
    clean: withoutBraces,
  },
  Dotprompt: {
    path: 'a.prompt',
    write: (value) => `${matter}{{role "system"}}\n${value}\n{{role "user"}}Hi`,
    clean: withoutBraces,
  },
  Jinja: { path: 'a.j2', write: (value) => `system:\n${value}\n\nuser:\nHi\n`, clean: withoutBraces },
  Modelfile: {
    path: 'Modelfile',
    write: (value) => `FROM x\nSYSTEM """${value}"""\nPARAMETER num_ctx 1\n`,
    clean: (value) => value.replaceAll('"', ''),
  },
  POML: {
    path: 'a.poml',
    write: (value) => `<poml>\n  <role>${xml(indented(value, '    '))}</role>\n</poml>\n`,
    clean: (value) => withoutBraces(value).replaceAll(/^[ \t\u2028]+|[ \t\u2028]+$/gm, ''),
  },
  'JSON Lines': {
    path: 'a.jsonl',
    write: (value) => `{"other": 1}\n${JSON.stringify({ messages: [{ role: 'system', content: value }] })}\n`,
  },
  JSON: {
    path: 'a.json',
    write: (value) => JSON.stringify({ messages: [{ role: 'system', content: value }] }, null, 1),
  },
  'JSON in ASCII': {
    path: 'b.json',
    write: (value) =>
      JSON.stringify({ system: value, model: '' }).replace(
        /[^ -~]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
      ),
  },
  'YAML literal block': {
    path: 'a.prompt.yml',
    write: (value) => yaml(value, { blockQuote: 'literal' }),
    clean: withoutBraces,
  },
  'YAML folded block': { path: 'b.prompt.yml', write: folded, clean: withoutBraces },
  'YAML double quotes': {
    path: 'c.prompt.yml',
    write: (value) => yaml(value, { defaultStringType: 'QUOTE_DOUBLE' }),
    clean: withoutBraces,
  },
  'YAML single quotes': {
    path: 'd.prompt.yml',
    write: (value) => yaml(value, { defaultStringType: 'QUOTE_SINGLE' }),
    clean: withoutBraces,
  },
  'YAML plain': { path: 'e.prompt.yml', write: (value) => yaml(value, { blockQuote: false }), clean: withoutBraces },
  'TypeScript single quotes': { path: 'a.ts', write: (value) => `f({ systemPrompt: ${jsString(value, "'")} });` },
  'TypeScript double quotes': { path: 'b.ts', write: (value) => `f({ systemPrompt: ${jsString(value, '"')} });` },
  'TypeScript template': { path: 'c.ts', write: (value) => `f({ systemPrompt: ${template(value)} });` },
  'JavaScript concatenation': {
    path: 'd.js',
    write: (value) =>
      `f({ systemPrompt:\n  ${value
        .split(/(?<=\n)/)
        .map((line) => jsString(line, "'"))
        .join(' +\n  ')} });`,
  },
  'JavaScript joined lines': {
    path: 'e.mjs',
    write: (value) =>
      `f({ systemPrompt: [\n  ${value
        .split('\n')
        .map((line) => jsString(line, '"'))
        .join(',\n  ')},\n].join('\\n') });`,
  },
  'Python triple quotes': { path: 'a.py', write: (value) => `f(system_prompt=${triple(value)})\n` },
  'Python string': {
    path: 'b.py',
    write: (value) => `f(system_prompt=${jsString(value, "'").replaceAll('\\b', '\\x08')})\n`,
  },
  'Python format string': {
    path: 'c.py',
    write: (value) => `f(system_prompt=f${triple(value.replaceAll('{', '{{').replaceAll('}', '}}'))})\n`,
  },
  'Python dedent': {
    path: 'd.py',
    write: (value) =>
      `f(system_prompt=dedent(${triple(`\\\n    ${indented(value, '    ')}`).replace('"""\\\\', '"""\\')}))\n`,
    clean: (value) => value.replaceAll(/[ \t]+(?=\n)/g, '').replaceAll('\u0007', ''),
  },
  XML: {
    path: 'skprompt.txt',
    write: (value) => `<message role="system">${xml(value)}</message>`,
    clean: withoutBraces,
  },
};

function contentOf(file: string): string | undefined {
  try {
    return (parse(file) as { messages: [{ content: string }] }).messages[0].content;
  } catch {
    return undefined;
  }
}

for (const [name, { path, write, clean = (value: string) => value }] of Object.entries(notations)) {
  const wanted = promptText.map(clean);

  describe(name, () => {
    test('a text that is written in it is read as it was, and every character maps to its source', async () => {
      await fc.assert(
        fc.asyncProperty(wanted, async (value) => {
          const file = write(value);
          const { prompts } = await extracted(path, file);
          // YAML may not be able to say a text, and its writer does not always read back what it wrote: the parser counts.
          const said = path.endsWith('.yml') ? contentOf(file) : value;
          if (said === undefined) return;
          assert.deepEqual(
            prompts.map((prompt) => prompt.text.trimEnd()),
            [said],
          );
          assertMapped(file, prompts[0]!);
          // A letter that needs no escape is found where it stands.
          const last = fileOffsets(prompts[0]!, { start: said.length - 1, end: said.length });
          assert.ok(file.slice(last.start, last.end).includes('Z'));
        }),
        runs,
      );
    });

    test('another order of its lines is written so that it reads as wanted, or is refused', async () => {
      await fc.assert(
        fc.asyncProperty(wanted, fc.nat(), async (value, turn) => {
          const file = write(value);
          const [prompt] = (await extracted(path, file)).prompts;
          if (prompt === undefined) return;
          const lines = prompt.text.split('\n');
          const by = turn % lines.length;
          const newText = [...lines.slice(by), ...lines.slice(0, by)].join('\n');
          const reread = async (changed: string) => (await extracted(path, changed)).prompts[0];
          const written = await writeBack(prompt, file, newText, reread);
          if ('refused' in written) return;
          const { range, newText: raw } = written.edit;
          assert.equal((await reread(file.slice(0, range.start) + raw + file.slice(range.end)))?.text, newText);
        }),
        runs,
      );
    });
  });
}

test('lines of plain sentences can change places in every notation', async () => {
  const value = 'You are Ada.\nBe brief.\nNever lie.';
  const wanted = 'Never lie.\nYou are Ada.\nBe brief.';
  const refused: string[] = [];
  for (const [name, { path, write }] of Object.entries(notations)) {
    const file = write(value);
    const [prompt] = (await extracted(path, file)).prompts;
    const ending = prompt!.text.slice(value.length);
    const reread = async (changed: string) => (await extracted(path, changed)).prompts[0];
    const written = await writeBack(prompt!, file, wanted + ending, reread);
    if ('refused' in written) refused.push(name);
  }
  assert.deepEqual(refused, []);
});
