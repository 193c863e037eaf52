import type { PromptReport } from '../analyzer/report.ts';

/** Every answer of one prompt as a plain-text document, and the line at which each begins. */
export interface Answers {
  readonly text: string;
  /** Zero-based line of the answer of a probe: with the full cache (`variant` null) or under a variant. */
  lineOf(probe: string, variant: string | null): number | undefined;
  /** The answer itself, on one line. */
  answerOf(probe: string, variant: string | null): string | undefined;
}

/** Renders the answers to every probe: full cache first, then the variants in the order of the report. */
export function renderAnswers(prompt: PromptReport): Answers {
  const lines: string[] = [];
  const places = new Map<string, { line: number; answer: string }>();
  const key = (probe: string, variant: string | null): string => JSON.stringify([probe, variant]);
  const add = (probe: string, variant: string | null, title: string, answer: string): void => {
    places.set(key(probe, variant), { line: lines.length, answer: answer.replaceAll(/\s+/g, ' ').trim() });
    lines.push(`--- ${title}`, ...answer.split('\n'), '');
  };
  for (const probe of prompt.probes) {
    lines.push(`=== ${probe.text}`, '');
    if (probe.response !== null)
      add(
        probe.id,
        null,
        `full cache${leakText(prompt.fullLeak?.directives, probe.kind === 'extraction')}`,
        probe.response,
      );
    for (const variant of prompt.variants) {
      const response = variant.responses.find((candidate) => candidate.probe === probe.id);
      if (response === undefined) continue;
      const title = `${variant.title}, ${variant.keptTokens} tokens kept`;
      const leak = leakText(response.leak?.directives, response.leak !== null);
      add(
        probe.id,
        variant.id,
        `${title}${leak}${response.truncated ? ', cut at the token limit' : ''}`,
        response.text,
      );
    }
  }
  return {
    text: lines.join('\n'),
    lineOf: (probe, variant) => places.get(key(probe, variant))?.line,
    answerOf: (probe, variant) => places.get(key(probe, variant))?.answer,
  };
}

function leakText(directives: number | undefined, isExtraction: boolean): string {
  return directives === undefined || !isExtraction
    ? ''
    : `, repeats ${Math.round(directives * 100)} % of the directives`;
}
