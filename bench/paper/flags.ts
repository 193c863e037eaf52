import { parseArgs } from 'node:util';
import { splitExpressions } from '../../src/cache/expression.ts';
import { parsePolicy, policyIds } from '../../src/cache/policies/index.ts';
import { HoldfastError } from '../../src/errors.ts';
import { nearest } from '../../src/nearest.ts';
import { isMiddle } from './composite.ts';
import { protectionNames, randomPolicy, type Grid, type ProtectionName } from './grid.ts';
import { mostLines } from './lineRetrieval.ts';

/** The experiments: instruction following, leakage with its remedies, and line retrieval. */
export const parts = ['directives', 'leaks', 'retrieval'] as const;
export type Part = (typeof parts)[number];

export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

export interface PaperFlags {
  readonly file: string;
  readonly output: string;
  readonly shard: Shard;
  /** Rows of the seeded sample; null: all. */
  readonly rows: number | null;
  /** Prompts of line retrieval. */
  readonly samples: number;
  readonly lines: number;
  readonly seed: number;
  readonly parts: readonly Part[];
  readonly grid: Grid;
  readonly answerTokens: number;
  readonly leakTokens: number;
}

export const usage = `npm run bench:paper -- FILE.jsonl [flags]

FILE.jsonl is in S-IFEval's format. Flags, with their defaults:
  --output DIR            .holdfast/paper   state, paper.json, paper.html
  --part NAME             all of ${parts.join(', ')}; can be repeated
  --rows N                all rows          N rows of a seeded sample; a larger N goes on from a smaller one
  --shard I/N             1/1               every Nth row of the sample, from the Ith
  --policies LIST         ${[...policyIds, randomPolicy].join(',')}
  --ratios LIST           0,0.1,...,0.9
  --protections LIST      ${protectionNames.join(',')}
  --protected-ratios LIST those from 0.4 to 0.7  where protections other than none are measured
  --answer-tokens N       128               longest answer to a user message (paper: 1280)
  --leak-tokens N         128               longest answer to the leak query (paper: 256)
  --samples N             30                prompts of line retrieval
  --lines N               20                records in each
  --seed N                42                of the sample and of line retrieval
HOLDFAST_MODEL names another model than the default one.
A run that is killed goes on where it was: run the same command again.`;

const options = {
  output: { type: 'string', default: '.holdfast/paper' },
  part: { type: 'string', multiple: true },
  rows: { type: 'string' },
  shard: { type: 'string', default: '1/1' },
  policies: { type: 'string', default: [...policyIds, randomPolicy].join(',') },
  ratios: { type: 'string', default: '0,0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9' },
  protections: { type: 'string', default: protectionNames.join(',') },
  'protected-ratios': { type: 'string' },
  'answer-tokens': { type: 'string', default: '128' },
  'leak-tokens': { type: 'string', default: '128' },
  samples: { type: 'string', default: '30' },
  lines: { type: 'string', default: '20' },
  seed: { type: 'string', default: '42' },
  help: { type: 'boolean', default: false },
} as const;

/** Null where help was asked for. @throws HoldfastError `invalid-settings` that names the flag. */
export function readFlags(args: readonly string[]): PaperFlags | null {
  const { values, positionals } = parsed(args);
  if (values.help) return null;
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0)
    throw wrong(
      `Give one file, got ${positionals.length}.`,
      'npm run bench:paper -- FILE.jsonl; --help lists the flags.',
    );
  const ratios = readRatios('--ratios', values.ratios);
  const protectedRatios =
    values['protected-ratios'] === undefined
      ? ratios.filter(isMiddle)
      : readRatios('--protected-ratios', values['protected-ratios']).slice(1);
  const unknown = protectedRatios.find((ratio) => !ratios.includes(ratio));
  if (unknown !== undefined)
    throw wrong(`--protected-ratios: ${unknown} is not one of --ratios.`, `Choose from ${ratios.join(', ')}.`);
  return {
    file,
    output: values.output,
    shard: readShard(values.shard),
    rows: values.rows === undefined ? null : readCount('--rows', values.rows),
    samples: readCount('--samples', values.samples),
    lines: readCount('--lines', values.lines, mostLines),
    seed: readCount('--seed', values.seed, 2 ** 31 - 1, 0),
    parts: values.part === undefined ? parts : [...new Set(values.part.map((name) => readName('--part', name, parts)))],
    grid: {
      policies: readPolicies(values.policies),
      ratios,
      protections: readProtections(values.protections),
      protectedRatios,
    },
    answerTokens: readCount('--answer-tokens', values['answer-tokens']),
    leakTokens: readCount('--leak-tokens', values['leak-tokens']),
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    throw new HoldfastError(
      'invalid-settings',
      (cause as Error).message,
      'npm run bench:paper -- --help lists the flags.',
      {
        cause,
      },
    );
  }
}

const wrong = (message: string, hint: string): HoldfastError => new HoldfastError('invalid-settings', message, hint);

function readCount(flag: string, text: string, most = Number.MAX_SAFE_INTEGER, least = 1): number {
  const value = /^\d+$/u.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
  throw wrong(
    `${flag}: "${text}" is not a whole number ${range}.`,
    `Write a number, such as ${flag} ${Math.max(least, 10)}.`,
  );
}

function readShard(text: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/u.exec(text)?.map(Number) ?? [];
  if (index === undefined || count === undefined || index < 1 || index > count)
    throw wrong(`--shard: "${text}" is not I/N with I from 1 to N.`, 'For two machines: --shard 1/2 and --shard 2/2.');
  return { index, count };
}

/** Ascending, 0 always first: every figure is relative to the full cache. */
function readRatios(flag: string, text: string): number[] {
  const ratios = text.split(',').map((part) => {
    const ratio = part.trim() === '' ? Number.NaN : Number(part);
    if (ratio >= 0 && ratio < 1) return ratio;
    throw wrong(
      `${flag}: "${part.trim()}" is not a share from 0 to below 1.`,
      `Write shares that are evicted, such as ${flag} 0.3,0.5.`,
    );
  });
  return [...new Set([0, ...ratios])].sort((a, b) => a - b);
}

function readPolicies(text: string): string[] {
  const policies = splitExpressions(text).map((expression) => {
    const id = parsePolicy(expression).id;
    return id === randomPolicy ? randomPolicy : id;
  });
  return [...new Set(policies)];
}

/** `none` always first: protections are compared with it. */
function readProtections(text: string): ProtectionName[] {
  const names = text.split(',').map((name) => readName('--protections', name.trim(), protectionNames));
  return [...new Set<ProtectionName>(['none', ...names])];
}

function readName<Name extends string>(flag: string, text: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  const near = nearest(text, names);
  throw wrong(
    `${flag}: there is no "${text}".`,
    `${near === undefined ? '' : `Did you mean "${near}"? `}Choose from ${names.join(', ')}.`,
  );
}
