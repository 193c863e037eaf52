import { auditInputs, type FileInputs } from '../analyzer/sources/auditInputs.ts';
import { defaultExtraction, readsNothing } from '../analyzer/sources/promptSource.ts';
import type { AuditTarget } from './auditRunner.ts';

/** The prompts of a document, or why it holds none. What no source names is read like a file named on the command line. */
export function promptsOf({ uri, text, source }: AuditTarget): Promise<FileInputs> {
  return auditInputs(uri, text, source ?? 'named-file', { read: readsNothing, options: defaultExtraction });
}
