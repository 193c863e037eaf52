import { createHash } from 'node:crypto';
import type { PromptReport, Report } from '../analyzer/report.ts';
import type { Extraction } from '../analyzer/sources/index.ts';
import type { AuditTarget } from './auditRunner.ts';

/**
 * The texts that a report of an earlier session belongs to, by URI: the present text where every prompt is still the
 * audited one at the same place, `undefined` where one has changed or is gone.
 */
export async function textsOfReport(
  report: Report,
  read: (uri: string) => Promise<AuditTarget | undefined>,
  extract: (target: AuditTarget) => Promise<Extraction>,
): Promise<Map<string, string | undefined>> {
  const texts = new Map<string, string | undefined>();
  for (const uri of new Set(report.prompts.map((prompt) => prompt.uri))) {
    const target = await read(uri);
    const audited = report.prompts.filter((prompt) => prompt.uri === uri);
    texts.set(uri, target !== undefined && isUnchanged(audited, await extract(target)) ? target.text : undefined);
  }
  return texts;
}

function isUnchanged(audited: readonly PromptReport[], { prompts }: Extraction): boolean {
  return (
    audited.length === prompts.length &&
    audited.every(({ textHash, range }, index) => {
      const { text, segments } = prompts[index]!;
      const start = segments[0]?.file.start;
      return start === range.offsets[0] && createHash('sha256').update(text).digest('hex') === textHash;
    })
  );
}
