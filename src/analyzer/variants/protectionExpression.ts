import { z } from 'zod';
import {
  expressionSchema,
  parameterValues,
  parseCall,
  unknownName,
  type ExpressionKind,
} from '../../cache/expression.ts';
import type { InstructionSpan } from '../../cache/fairEviction.ts';
import { parsedParameters } from '../../cache/parameters.ts';
import type { Protections } from '../../cache/protection.ts';
import { HoldfastError } from '../../errors.ts';
import type { Instruction } from '../prompt.ts';

/** Instructions that a protection is about, with the tokens of each in the system turn, ascending. */
export interface ProtectedTurn {
  readonly instructions: readonly Instruction[];
  readonly positions: readonly Int32Array[]; // [instructions]; empty where one has no tokens
  /** The tokens of what stands between instructions: headings, examples, facts. */
  readonly context: readonly Int32Array[];
}

/** One protection before it is resolved on a prompt. */
interface ProtectionPart {
  readonly title: string;
  resolve(turn: ProtectedTurn): Protections;
}

/** What is kept of a prompt besides a policy's own choice, within the same budget. */
export interface ProtectionSpec {
  /** The expression that names it: `whitelist`, `fair(lambda=0.5)`, `whitelist+fair`. */
  readonly id: string;
  /** `whitelist + fair eviction`. */
  readonly title: string;
  /** @throws HoldfastError `invalid-settings` where the prompt has nothing to protect. */
  resolve(turn: ProtectedTurn): Protections;
}

/** A protection before its parameters are chosen. */
export interface ProtectionFamily {
  readonly id: string;
  /** One sentence: what it keeps. */
  readonly summary: string;
  readonly paper: string;
  readonly schema: z.ZodObject;
  create(parameters: Record<string, unknown>): ProtectionPart;
}

function defineProtection<Schema extends z.ZodObject>(
  family: Omit<ProtectionFamily, 'schema' | 'create'> & {
    readonly schema: Schema;
    readonly create: (parameters: z.output<Schema>) => ProtectionPart;
  },
): ProtectionFamily {
  const { id, schema } = family;
  return {
    ...family,
    create: (given) => family.create(parsedParameters(id, schema, given)),
  };
}

const nothingToProtect = (what: string): HoldfastError =>
  new HoldfastError(
    'nothing-to-protect',
    `There is nothing to whitelist: the prompt has no ${what}.`,
    'Mark an instruction with a comment: <!-- holdfast: must-hold -->.',
  );

const whitelist = defineProtection({
  id: 'whitelist',
  summary:
    'The entries of chosen instructions are kept, and the policy chooses the rest of the same budget. Where they are more than the budget, nothing is measured, or with `overflow=keep-first` as many as fit stay.',
  paper: 'https://arxiv.org/abs/2510.00231',
  schema: z.strictObject({
    of: z
      .enum(['must-hold', 'defense', 'marked-or-defense'])
      .default('marked-or-defense')
      .describe('Instructions that a marker says must hold, the defense, or both; must-hold ones first.'),
    overflow: z.enum(['refuse', 'keep-first']).default('refuse').describe('What happens where they exceed the budget.'),
  }),
  create: ({ of, overflow }) => ({
    title:
      of === 'marked-or-defense' ? 'whitelist' : `whitelist of ${of === 'defense' ? 'the defense' : 'what must hold'}`,
    resolve({ instructions, positions }) {
      const marked = instructions.filter(({ mustHold }) => mustHold && of !== 'defense');
      const defense = instructions.filter(
        ({ kind, mustHold }) => kind === 'defense' && !mustHold && of !== 'must-hold',
      );
      const chosen = [...marked, ...defense];
      if (of === 'defense') chosen.push(...instructions.filter(({ kind, mustHold }) => kind === 'defense' && mustHold));
      const tokens = chosen.flatMap((instruction) => [...positions[instructions.indexOf(instruction)]!]);
      if (tokens.length === 0)
        throw nothingToProtect(
          of === 'defense' ? 'defense' : of === 'must-hold' ? 'must-hold marker' : 'must-hold marker and no defense',
        );
      return { whitelist: [...new Set(tokens)], whitelistOverflow: overflow };
    },
  }),
});

const fair = defineProtection({
  id: 'fair',
  summary:
    'Fair eviction: every instruction, and every piece of text between two, keeps the same share of its entries, and scores compete within it only. `lambda` (StreamingLLM) goes from what the policy does by itself, 0, to equal shares, 1. `weighted` keeps what must hold first and gives a "should" half the share of a "must".',
  paper: 'https://arxiv.org/abs/2510.00231',
  schema: z.strictObject({
    lambda: z.number().min(0).max(1).optional().describe('Between the policy and equal shares; StreamingLLM only.'),
    weighted: z.boolean().default(false).describe("Shares by the author's priority."),
  }),
  create: ({ lambda, weighted }) => ({
    title: `${weighted ? 'weighted ' : ''}fair eviction${lambda === undefined ? '' : ` (lambda ${lambda})`}`,
    resolve: (turn) => ({
      fair: { spans: fairSpans(turn, weighted), ...(lambda === undefined ? {} : { lambda }) },
    }),
  }),
});

const reserve = defineProtection({
  id: 'reserve',
  summary: 'The first and the last tokens of the system turn are kept.',
  paper: 'https://arxiv.org/abs/2309.17453',
  schema: z.strictObject({
    sinks: z.int().min(0).default(4).describe('First tokens.'),
    recent: z.int().min(0).default(0).describe('Last tokens.'),
  }),
  create: ({ sinks, recent }) => ({
    title: `reserve of ${[...(sinks > 0 ? [`${sinks} first`] : []), ...(recent > 0 ? [`${recent} last`] : [])].join(' and ') || 'no'} tokens`,
    resolve: () => ({ reserve: { sinks, recent } }),
  }),
});

/** Every protection, in the order of the documentation. */
export const protectionFamilies: readonly ProtectionFamily[] = [whitelist, fair, reserve];

const protectionKind: ExpressionKind = {
  noun: 'protection',
  examples: 'whitelist, fair(lambda=0.5), reserve(recent=16) or whitelist+fair',
};

/**
 * The protection that an expression names; several are joined with `+` and compose.
 *
 * @throws HoldfastError `invalid-settings` that says where the expression is wrong and what was meant.
 */
export function parseProtection(text: string): ProtectionSpec {
  const calls = text.split(/\+(?![^(]*\))/u).map((part) => parseCall(part, protectionKind));
  const names = protectionFamilies.map(({ id }) => id);
  const parts = calls.map((call) => {
    const family = protectionFamilies.find(({ id }) => id === call.name);
    if (family === undefined) throw unknownName(`There is no protection "${call.name}"`, call.name, names, text);
    if (call.bases.length > 0)
      throw new HoldfastError('invalid-settings', `The protection "${text}": ${call.name} takes no policy.`);
    return family.create(parameterValues(call, family.schema, text));
  });
  if (new Set(calls.map(({ name }) => name)).size !== calls.length)
    throw new HoldfastError('invalid-settings', `The protection "${text}" names one kind twice.`);
  return {
    id: text,
    title: parts.map(({ title }) => title).join(' + '),
    resolve: (turn) => Object.assign({}, ...parts.map((part) => part.resolve(turn))) as Protections,
  };
}

/** Accepts what `parseProtection` accepts, and says what is wrong otherwise. */
export const protectionExpression = expressionSchema(parseProtection).describe(
  'protections: `whitelist`, `fair`, `fair(lambda=0.5)`, `reserve(sinks=4,recent=16)`, joined as `whitelist+fair`',
);

/** The tokens of each instruction, and of what stands between them, as spans in the order of the prompt. */
function fairSpans({ instructions, positions, context }: ProtectedTurn, weighted: boolean): InstructionSpan[] {
  const weights = ({ strength, mustHold }: Instruction) =>
    weighted ? { weight: strength === 'must' ? 1 : shouldWeight, mustHold } : {};
  const pieces = [
    ...instructions.map((instruction, index) => ({ at: positions[index]!, more: weights(instruction) })),
    ...context.map((at) => ({ at, more: weighted ? { weight: shouldWeight, mustHold: false } : {} })),
  ].filter(({ at }) => at.length > 0);
  const spans: InstructionSpan[] = [];
  for (const { at, more } of pieces.toSorted((a, b) => a.at[0]! - b.at[0]!)) {
    const start = Math.max(at[0]!, spans.at(-1)?.end ?? 0);
    const end = at.at(-1)! + 1;
    if (start < end) spans.push({ start, end, ...more });
  }
  return spans;
}

/** A "should", and what asks for nothing, keep half the share of a "must". */
const shouldWeight = 0.5;
