import { percent, policyTitle } from '../analyzer/rules/wording.ts';
import type { FileRange, Finding, PromptReport } from '../analyzer/report.ts';
import type { Answers } from './answers.ts';

/** One place that supports a finding: in the audited document, or a line of the document with the answers. */
export type Evidence =
  | { readonly kind: 'document'; readonly message: string; readonly range: FileRange }
  | { readonly kind: 'answers'; readonly message: string; readonly line: number };

/** Longest part of an answer that the Problems panel quotes. */
const quotedAnswerLength = 140;

/** Where to look for what a finding says: the instruction, the answer with the full cache, the answers under compression. */
export function evidenceOf(finding: Finding, prompt: PromptReport, answers: Answers): Evidence[] {
  const evidence: Evidence[] = [];
  const instruction = prompt.instructions.find(({ id }) => id === finding.instruction);
  if (instruction?.influence !== undefined && instruction.influence !== null) {
    const probe = probeText(prompt, instruction.influence.probe);
    evidence.push({
      kind: 'document',
      message: `Influence ${instruction.influence.nats.toFixed(2)} nats per token with the full cache, largest on the probe '${probe}'.`,
      range: instruction.range,
    });
  }
  const probe = finding.evidence.probe;
  if (probe === null || finding.evidence.breaking.length === 0) return evidence;
  const answer = (variant: string | null, title: string): void => {
    const line = answers.lineOf(probe, variant);
    const text = answers.answerOf(probe, variant);
    if (line !== undefined && text !== undefined)
      evidence.push({ kind: 'answers', message: `${title} to '${probeText(prompt, probe)}': ${excerpt(text)}`, line });
  };
  answer(null, 'Answer with the full cache');
  for (const { policy, ratio } of finding.evidence.breaking) {
    const variant = prompt.variants.find((candidate) => candidate.policy === policy && candidate.ratio === ratio);
    if (variant !== undefined) answer(variant.id, `Answer under ${policyTitle(policy)} at ${percent(ratio)}`);
  }
  return evidence;
}

function probeText(prompt: PromptReport, id: string): string {
  return prompt.probes.find((probe) => probe.id === id)?.text ?? id;
}

function excerpt(text: string): string {
  if (text === '') return '(empty answer)';
  return text.length <= quotedAnswerLength ? `"${text}"` : `"${text.slice(0, quotedAnswerLength)}…"`;
}
