import type { Finding, PromptReport, Report } from './report.ts';

/** The findings about one prompt; a file can hold several. */
export function findingsOf(report: Report, prompt: PromptReport): Finding[] {
  return of(report, prompt, report.findings);
}

/** Those that a marker of the prompt suppresses. */
export function suppressedOf(report: Report, prompt: PromptReport): Finding[] {
  return of(report, prompt, report.suppressed);
}

function of(report: Report, prompt: PromptReport, findings: readonly Finding[]): Finding[] {
  const siblings = report.prompts.filter(({ uri }) => uri === prompt.uri);
  return findings.filter((finding) => {
    if (finding.uri !== prompt.uri) return false;
    // What stands in no prompt, because a prompt is put together from several places, is told with the first.
    const owner = siblings.find((each) => isAbout(finding, each)) ?? siblings[0];
    return owner === prompt;
  });
}

function isAbout({ instruction, range }: Finding, prompt: PromptReport): boolean {
  const [start, end] = range.offsets;
  const isOwn = prompt.instructions.some(({ id, range: own }) => id === instruction && own.offsets[0] === start);
  return isOwn || (start >= prompt.range.offsets[0] && end <= prompt.range.offsets[1]);
}
