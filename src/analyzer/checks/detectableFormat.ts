import { z } from 'zod';
import { defineCheck, type Check } from './check.ts';
import { count } from './relation.ts';
import { countOf, escaped, isBlank, lineStart, space, strip, stripEnd, stripStart } from './text/pythonText.ts';

const starBullet = new RegExp(`${lineStart}${space}*\\*[^*][^\\n]*`, 'gu');
const dashBullet = new RegExp(`${lineStart}${space}*-[^\\n]*`, 'gu');
const fixedAnswers = ['My answer is yes.', 'My answer is no.', 'My answer is maybe.'] as const;

/** How an answer is laid out. */
export const formatChecks: readonly Check[] = [
  defineCheck({
    id: 'detectable_format:number_bullet_lists',
    origin: 'ifeval',
    title: 'has a number of bullet points',
    kwargs: z.strictObject({ num_bullets: count }),
    describe: (kwargs) => `has exactly ${kwargs.num_bullets} bullet points`,
    passes: (response, kwargs) => countOf(response, starBullet) + countOf(response, dashBullet) === kwargs.num_bullets,
  }),
  defineCheck({
    id: 'detectable_format:constrained_response',
    origin: 'ifeval',
    title: 'gives one of three fixed answers',
    kwargs: z.strictObject({}),
    describe: () => `contains one of ${fixedAnswers.map((answer) => `"${answer}"`).join(', ')}`,
    passes: (response) => fixedAnswers.some((answer) => response.includes(answer)),
  }),
  defineCheck({
    id: 'detectable_format:number_highlighted_sections',
    origin: 'ifeval',
    title: 'highlights parts with asterisks',
    kwargs: z.strictObject({ num_highlights: count }),
    describe: (kwargs) => `highlights at least ${kwargs.num_highlights} parts with asterisks`,
    passes: (response, kwargs) => highlights(response) >= kwargs.num_highlights,
  }),
  defineCheck({
    id: 'detectable_format:multiple_sections',
    origin: 'ifeval',
    title: 'has marked sections',
    kwargs: z.strictObject({ section_spliter: z.string().trim().min(1), num_sections: count }),
    describe: (kwargs) => `has at least ${kwargs.num_sections} sections marked "${kwargs.section_spliter} 1" and so on`,
    passes: (response, kwargs) => {
      const mark = new RegExp(`${space}?${escaped(kwargs.section_spliter)}${space}?\\p{Nd}+${space}?`, 'u');
      return response.split(mark).length - 1 >= kwargs.num_sections;
    },
  }),
  defineCheck({
    id: 'detectable_format:json_format',
    origin: 'ifeval',
    title: 'is JSON',
    kwargs: z.strictObject({}),
    describe: () => 'is JSON, in a code block or not',
    passes: (response) => parseReply(response) !== undefined,
  }),
  defineCheck({
    id: 'detectable_format:title',
    origin: 'ifeval',
    title: 'has a title in double angular brackets',
    kwargs: z.strictObject({}),
    describe: () => 'has a title in double angular brackets',
    passes: (response) => response.split('\n').some(hasTitle),
  }),
];

/** From the first `<<` of a line to its last `>>`, with something between them. */
function hasTitle(line: string): boolean {
  const start = line.indexOf('<<');
  const end = line.lastIndexOf('>>');
  if (start < 0 || end < start + 3) return false;
  return !isBlank(stripEnd(stripStart(line.slice(start, end), '<'), '>'));
}

/** Emphasis between single asterisks, and strong emphasis between double ones. */
function highlights(response: string): number {
  const single = response.match(/\*[^\n*]*\*/g) ?? [];
  const double = response.match(/\*\*[^\n*]*\*\*/g) ?? [];
  return [...single, ...double].filter((hit) => !isBlank(hit.replaceAll('*', ''))).length;
}

/** The value of an answer that is JSON, with or without a fence around it; undefined where it is none. */
export function parseReply(response: string): { readonly value: unknown } | undefined {
  let body = strip(response);
  for (const fence of ['```json', '```Json', '```JSON', '```'])
    if (body.startsWith(fence)) body = body.slice(fence.length);
  if (body.endsWith('```')) body = body.slice(0, -3);
  try {
    return { value: JSON.parse(withPythonNumbers(strip(body))) };
  } catch {
    return undefined;
  }
}

/** The reference's parser takes NaN and Infinity, which JSON does not have. */
function withPythonNumbers(json: string): string {
  return json.replace(/"(?:[^"\\]|\\[^])*"|(?<![\w.+-])(?:NaN|-?Infinity)(?!\w)/g, (hit) =>
    hit.startsWith('"') ? hit : '0',
  );
}
