import type { Finding, Fix, PromptReport, Report } from '../analyzer/report.ts';
import { Emitter } from './emitter.ts';

/** What is known about one document: results of exactly the text in `text`. */
export interface DocumentResult {
  readonly uri: string;
  /** The audited text with `\n` line ends. */
  readonly text: string;
  readonly prompts: readonly PromptReport[];
  readonly findings: readonly Finding[];
  /** The run that measured it: model, settings, how it ended. */
  readonly report: Report;
}

export type DocumentState = 'unknown' | 'current' | 'outdated';

/** The text of an audited document, and those of the files that were read for its prompts, by URI. */
export interface AuditedText {
  readonly text: string;
  readonly reads: ReadonlyMap<string, string>;
}

interface Entry {
  result: DocumentResult;
  /** Texts that the result belongs to, by URI; of the document itself and of what it imports. */
  readonly texts: ReadonlyMap<string, string>;
  /** Those whose present text is another one. */
  readonly changed: Set<string>;
}

/**
 * The results that the editor may show. A result belongs to a text, not to a version number: it is hidden as soon as the
 * document's text differs, shown again when an undo brings the text back, and survives closing and reopening the file.
 */
export class Results {
  private readonly entries = new Map<string, Entry>();
  private latest: Report | undefined;
  private readonly emitter = new Emitter<string | undefined>();

  /** Fires the URI of the document whose results changed, `undefined` when any may have. */
  readonly onDidChange = this.emitter.event;

  /** Keeps the results of a run and says which documents were published and which had changed meanwhile. */
  publish(
    report: Report,
    audited: ReadonlyMap<string, AuditedText>,
    currentText: (uri: string) => string | undefined,
  ): { published: string[]; outdated: string[] } {
    const published: string[] = [];
    const outdated: string[] = [];
    this.latest = report;
    for (const [uri, { text, reads }] of audited) {
      const texts = new Map([...reads, [uri, text]]);
      const changed = new Set(
        [...texts].filter(([each, own]) => !sameText(own, currentText(each) ?? own)).map(([each]) => each),
      );
      const prompts = report.prompts.filter((prompt) => prompt.uri === uri);
      if (prompts.every(({ status }) => status === 'not-measured') && this.get(uri) !== undefined) continue;
      const findings = report.findings.filter((finding) => finding.uri === uri);
      this.entries.set(uri, { result: { uri, text: normalised(text), prompts, findings, report }, texts, changed });
      (changed.size === 0 ? published : outdated).push(uri);
    }
    this.emitter.fire(undefined);
    return { published, outdated };
  }

  /** Takes over a report of an earlier session; documents without a text are those that have changed since. */
  restore(report: Report, texts: ReadonlyMap<string, string | undefined>): void {
    this.publish(
      report,
      new Map([...texts].map(([uri, text]) => [uri, { text: text ?? '', reads: new Map() }])),
      (uri) => texts.get(uri) ?? changed,
    );
  }

  /** Results of the document's present text. */
  get(uri: string): DocumentResult | undefined {
    const entry = this.entries.get(uri);
    return entry?.changed.size === 0 ? entry.result : undefined;
  }

  state(uri: string): DocumentState {
    const entry = this.entries.get(uri);
    if (entry === undefined) return 'unknown';
    return entry.changed.size === 0 ? 'current' : 'outdated';
  }

  has(uri: string): boolean {
    return this.entries.has(uri);
  }

  /** True when results depend on the text of a file. */
  follows(uri: string): boolean {
    return [...this.entries.values()].some(({ texts }) => texts.has(uri));
  }

  uris(): string[] {
    return [...this.entries.keys()];
  }

  /** Tells the present text of a file; hides the results that belong to another text of it. */
  textIs(uri: string, text: string): void {
    for (const [document, { texts, changed }] of this.entries) {
      const own = texts.get(uri);
      if (own === undefined) continue;
      const before = changed.size;
      if (sameText(own, text)) changed.delete(uri);
      else changed.add(uri);
      if ((before === 0) !== (changed.size === 0)) this.emitter.fire(document);
    }
  }

  /** Adds a verified fix to a prompt of a current result; replaces an earlier one. */
  addFix(uri: string, promptIndex: number, fix: Fix): void {
    const entry = this.entries.get(uri);
    if (entry?.changed.size !== 0) return;
    const prompts = entry.result.prompts.map((prompt, index) =>
      index === promptIndex ? { ...prompt, fixes: [fix] } : prompt,
    );
    entry.result = { ...entry.result, prompts };
    if (this.latest !== undefined) {
      const others = this.latest.prompts.filter((prompt) => prompt.uri !== uri);
      const own = this.latest.prompts.some((prompt) => prompt.uri === uri) ? prompts : [];
      this.latest = { ...this.latest, prompts: [...others, ...own] };
    }
    this.emitter.fire(uri);
  }

  /** Forgets a file that is gone: its results, and those of what imported it. */
  remove(uri: string): void {
    if (this.entries.delete(uri)) this.emitter.fire(uri);
    for (const [document, { texts, changed }] of this.entries) {
      if (!texts.has(uri) || changed.has(uri)) continue;
      changed.add(uri);
      this.emitter.fire(document);
    }
  }

  clear(): void {
    this.entries.clear();
    this.latest = undefined;
    this.emitter.fire(undefined);
  }

  /** The report of the last run; prompts of documents that changed since are marked as not measured and lose their findings. */
  latestReport(): Report | undefined {
    const report = this.latest;
    if (report === undefined) return undefined;
    const isOutdated = (uri: string): boolean => this.state(uri) === 'outdated';
    if (!report.prompts.some(({ uri }) => isOutdated(uri))) return report;
    return {
      ...report,
      prompts: report.prompts.map((prompt) => (isOutdated(prompt.uri) ? withoutMeasurements(prompt) : prompt)),
      findings: report.findings.filter(({ uri }) => !isOutdated(uri)),
      suppressed: report.suppressed.filter(({ uri }) => !isOutdated(uri)),
    };
  }
}

/** No document that holds a prompt has this text. */
const changed = '\0';

function withoutMeasurements(prompt: PromptReport): PromptReport {
  return {
    ...prompt,
    status: 'not-measured',
    statusReason: 'The document changed after it was audited. Audit it again.',
    instructions: [],
    probes: [],
    variants: [],
    fixes: [],
    fullLeak: null,
  };
}

function normalised(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

/** Line ends are the editor's business: a file with mixed ends is shown with one kind, positions stay. */
function sameText(a: string, b: string): boolean {
  return a === b || normalised(a) === normalised(b);
}
