import { gridVariants } from '../analyzer/rules/grid.ts';
import { probeText } from '../analyzer/rules/probeText.ts';
import { quoted } from '../analyzer/rules/wording.ts';
import type { FileRange, Finding, PromptReport } from '../analyzer/report.ts';
import type { Answers } from './answers.ts';

/** One place that supports a finding: in the audited document, or a line of the document with the answers. */
export type Evidence =
  | { readonly kind: 'document'; readonly message: string; readonly range: FileRange }
  | { readonly kind: 'answers'; readonly message: string; readonly line: number };

/** Longest part of an answer that is quoted: the editor's hover is small, and every line of it pushes the table down. */
const quotedAnswerLength = 90;

/** Where to look for what a finding says: the instruction, the answer with the full cache, the answers under compression. */
export function evidenceOf(finding: Finding, prompt: PromptReport, answers: Answers): Evidence[] {
  const evidence: Evidence[] = (finding.related ?? []).map((place) => ({ kind: 'document', ...place }));
  const instruction = prompt.instructions.find(({ id }) => id === finding.instruction);
  if (instruction !== undefined && instruction.range.offsets.join() !== finding.range.offsets.join())
    evidence.push({ kind: 'document', message: 'The instruction that this is about.', range: instruction.range });
  const probe = finding.evidence.probe ?? instruction?.influence?.probe;
  if (probe === undefined) return evidence;
  const answer = (variant: string | null, title: string): void => {
    const line = answers.lineOf(probe, variant);
    const text = answers.answerOf(probe, variant);
    if (line !== undefined && text !== undefined)
      evidence.push({
        kind: 'answers',
        message: `${title} to ${quoted(probeText(prompt, probe))}: ${excerpt(text)}`,
        line,
      });
  };
  answer(null, 'Answer with the full cache');
  for (const { policy, ratio } of finding.evidence.breaking) {
    const variant = gridVariants(prompt).find((candidate) => candidate.policy === policy && candidate.ratio === ratio);
    if (variant !== undefined) answer(variant.id, `Answer under ${variant.title}`);
  }
  return evidence;
}

function excerpt(text: string): string {
  if (text === '') return '(empty answer)';
  return text.length <= quotedAnswerLength ? `"${text}"` : `"${text.slice(0, quotedAnswerLength)}…"`;
}
