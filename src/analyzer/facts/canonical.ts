import { numberOf } from '../checks/recognise/numbers.ts';
import type { FactKind } from './fact.ts';

/** A value with what is only notation taken away. Two values of one kind are equal when each part that both have is equal. */
export interface Canonical {
  readonly parts: readonly string[];
  /** Unit, currency or year: what a value may leave out without becoming another one. */
  readonly unit?: string;
}

const currencies: readonly (readonly [RegExp, string])[] = [
  [/€|eur/iu, 'EUR'],
  [/\$|usd|dollar/iu, 'USD'],
  [/£|gbp|pound/iu, 'GBP'],
  [/¥|jpy/iu, 'JPY'],
  [/₹/u, 'INR'],
  [/chf|franc/iu, 'CHF'],
  [/cent/iu, 'cent'],
];
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** What a value says, whatever its notation; undefined where its kind's notation is not found in it. */
export function canonical(kind: FactKind, value: string): Canonical | undefined {
  switch (kind) {
    case 'email':
      return { parts: [value.toLowerCase()] };
    case 'url':
      return { parts: [value.replace(/^(?:https?:\/\/)?(?:www\.)?/iu, '').replace(/\/$/u, '')] };
    case 'phone':
      return { parts: [value.replace(/[^\d+]/gu, '')] };
    case 'hours':
      return hours(value);
    case 'price':
      return amount(value, currencies.find(([pattern]) => pattern.test(value))?.[1]);
    case 'number':
      return amount(value, unitOf(value));
    case 'date':
      return date(value);
    case 'name':
      return { parts: value.toLowerCase().split(/\s+/u) };
  }
}

export function sameValue(one: Canonical, other: Canonical): boolean {
  const parts = one.parts.join('\n') === other.parts.join('\n');
  return parts && (one.unit === undefined || other.unit === undefined || one.unit === other.unit);
}

function amount(value: string, unit: string | undefined): Canonical | undefined {
  const digits = /\d[\d.,\s]*\d|\d/u.exec(value)?.[0];
  const number = digits === undefined ? wordNumber(value) : decimal(digits);
  if (number === undefined) return undefined;
  return { parts: [number], ...(unit !== undefined && { unit }) };
}

/** `1,200.50`, `1.200,50` and `1 200.5` are one number; three digits behind a separator are thousands. */
function decimal(digits: string): string {
  const [, whole, cents] = /^(.*?)(?:[.,](\d{1,2}))?$/su.exec(digits)!;
  const plain = whole!.replace(/\D/gu, '');
  return String(Number(cents === undefined ? plain : `${plain}.${cents}`));
}

function wordNumber(value: string): string | undefined {
  const number = numberOf(/^\p{L}+/u.exec(value)?.[0] ?? '');
  return Number.isNaN(number) ? undefined : String(number);
}

function unitOf(value: string): string | undefined {
  const unit = /(?:%|\p{L}[\p{L} ]*)$/u.exec(value.trim())?.[0].toLowerCase();
  if (unit === undefined) return undefined;
  return unit === '%' ? 'percent' : unit.replace(/s$/u, '');
}

/** `9:00 to 17:30` and `9 am - 5:30 pm` are the same times. */
function hours(value: string): Canonical | undefined {
  const times = [...value.matchAll(/noon|midnight|(\d{1,2})(?:[:.](\d{2}))?\s*(?:([ap])\.?m\b)?/giu)];
  if (times.length === 0) return undefined;
  return { parts: times.map(([word, hour, minutes, half]) => timeOf(word, hour, minutes, half?.toLowerCase())) };
}

function timeOf(word: string, hour: string | undefined, minutes = '00', half?: string): string {
  if (hour === undefined) return word.toLowerCase() === 'noon' ? '12:00' : '0:00';
  const base = half === undefined ? Number(hour) : (Number(hour) % 12) + (half === 'p' ? 12 : 0);
  return `${base % 24}:${minutes}`;
}

function date(value: string): Canonical | undefined {
  const iso = /^(\d{4})-(\d{2})-(\d{2})$/u.exec(value);
  if (iso !== null) return { parts: [String(Number(iso[2])), String(Number(iso[3]))], unit: iso[1]! };
  const month = months.indexOf(
    /\p{L}{3,}/u
      .exec(value.replace(/\b\d+(?:st|nd|rd|th)\b/gu, ''))?.[0]
      .slice(0, 3)
      .toLowerCase() ?? '',
  );
  const day = /\b(\d{1,2})(?!\d)/u.exec(value)?.[1];
  if (month < 0 || day === undefined) return undefined;
  const year = /\b\d{4}\b/u.exec(value)?.[0];
  return { parts: [String(month + 1), String(Number(day))], ...(year !== undefined && { unit: year }) };
}
