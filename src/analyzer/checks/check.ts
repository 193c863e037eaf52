import type { z } from 'zod';
import { isBlank } from './text/pythonText.ts';

/**
 * A deterministic question to an answer: does it obey the instruction? The contract of a check:
 *
 * - its verdict depends on the answer and its parameters alone, and is the same every time;
 * - parameters that are missing or not supported make it "not applicable", which is never a pass;
 * - checks of IFEval keep the reference's ids, parameter names and meaning; others are labelled as Holdfast's own.
 *
 * A passed check does not show that the instruction was followed because of itself: only an instruction whose check passes with
 * it and fails without it is effective.
 */
export interface Check {
  readonly id: string;
  readonly origin: CheckOrigin;
  /** What it asks of an answer, without parameters. */
  readonly title: string;
  readonly kwargs: z.ZodType;
  /** The check with its parameters, or why there is none. Null, empty, zero and false parameters count as missing. */
  readonly bind: (kwargs: Readonly<Record<string, unknown>>) => BoundCheck | NotApplicable;
}

/** `ifeval`: "Instruction-Following Evaluation for Large Language Models", https://arxiv.org/abs/2311.07911. */
export type CheckOrigin = 'ifeval' | 'holdfast';

export interface BoundCheck {
  readonly id: string;
  readonly origin: CheckOrigin;
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** What it asks, as a clause: "has at least 3 sentences". */
  readonly description: string;
  /** Whether this text obeys, taken as it is. An answer is judged by `passesStrictly` or `passesLoosely`. */
  readonly passes: (response: string) => boolean;
}

export interface NotApplicable {
  /** Why, as a clause. */
  readonly notApplicable: string;
}

interface Definition<Kwargs> {
  readonly id: string;
  readonly origin: CheckOrigin;
  readonly title: string;
  readonly kwargs: z.ZodType<Kwargs>;
  readonly describe: (kwargs: Kwargs) => string;
  readonly passes: (response: string, kwargs: Kwargs) => boolean;
  /** Why it cannot judge with these parameters, as a clause. */
  readonly unsupported?: (kwargs: Kwargs) => string | undefined;
}

/** Makes a check of its parts. Line ends of an answer become `\n` before it is looked at. */
export function defineCheck<Kwargs extends object>(definition: Definition<Kwargs>): Check {
  const { id, origin, title, kwargs: schema, describe, passes, unsupported } = definition;
  return {
    id,
    origin,
    title,
    kwargs: schema,
    bind: (given): BoundCheck | NotApplicable => {
      const parsed = schema.safeParse(withoutMissing(given));
      if (!parsed.success) {
        const { path, message } = parsed.error.issues[0]!;
        return { notApplicable: `parameter ${path.join('.') || 'of the check'}: ${message}` };
      }
      const kwargs = parsed.data;
      const reason = unsupported?.(kwargs);
      if (reason !== undefined) return { notApplicable: reason };
      return {
        id,
        origin,
        kwargs: Object.fromEntries(Object.entries(kwargs)),
        description: describe(kwargs),
        passes: (response) => passes(response.replaceAll('\r\n', '\n'), kwargs),
      };
    },
  };
}

function withoutMissing(kwargs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(kwargs).filter(([, value]) => Boolean(value)));
}

export const isApplicable = (check: BoundCheck | NotApplicable): check is BoundCheck => 'passes' in check;

/** The strict verdict: the answer says something, and obeys as it is. */
export function passesStrictly(check: BoundCheck, response: string): boolean {
  return !isBlank(response) && check.passes(response);
}

/** The loose verdict: one of eight readings obeys, so that a greeting, a closing line or emphasis fails nothing. */
export function passesLoosely(check: BoundCheck, response: string): boolean {
  return looseReadings(response).some((reading) => passesStrictly(check, reading));
}

/** The answer whole, without its first line, its last line and both; then the same four without asterisks. */
function looseReadings(response: string): string[] {
  const lines = response.replaceAll('\r\n', '\n').split('\n');
  const cut = [lines.slice(1), lines.slice(0, -1), lines.slice(1, -1)].map((kept) => kept.join('\n').trim());
  const readings = [response, ...cut];
  return [...readings, ...readings.map((reading) => reading.replaceAll('*', ''))];
}
