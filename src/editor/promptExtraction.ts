import { extract, type Extraction } from '../analyzer/sources/index.ts';
import type { AuditTarget } from './auditRunner.ts';

/** The prompts of a document, or why it holds none. What no source names is read like a file named on the command line. */
export function promptsOf({ uri, text, source }: AuditTarget): Extraction {
  return extract(uri, text, source ?? 'named-file');
}
