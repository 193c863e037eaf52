import type { audit, ModelLoader } from '../analyzer/audit.ts';
import { auditGroups, groupBySettings } from '../analyzer/auditGroups.ts';
import type { Audit, AuditInput, AuditOutcome, AuditProgress } from '../analyzer/outcome.ts';
import { distinctInputs, type FileInputs } from '../analyzer/sources/auditInputs.ts';
import type { AuditSettings } from '../analyzer/settings.ts';
import { HoldfastError } from '../errors.ts';
import { Emitter } from './emitter.ts';
import type { AuditedText, Results } from './results.ts';

/** The text of one document as it was when the audit started. */
export interface AuditTarget {
  readonly uri: string;
  readonly text: string;
  /** Id of the workspace source that matched, when one did. */
  readonly source?: string | undefined;
}

export interface RunnerPorts {
  readonly audit: typeof audit;
  extract(target: AuditTarget): Promise<FileInputs>;
  loadModel(settings: AuditSettings, signal: AbortSignal): ReturnType<ModelLoader>;
  /** Present text of an open document; `undefined` when it is not open. */
  currentText(uri: string): string | undefined;
  readonly results: Results;
  readonly log: { info(message: string): void };
}

export type RunState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly fraction: number; readonly message: string }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly reason: string };

export interface RunResult {
  readonly outcome: AuditOutcome;
  /** Documents that changed while they were audited; their results are not shown. */
  readonly outdated: readonly string[];
}

const noReads: ReadonlyMap<string, string> = new Map();

/** Runs one audit (or another measurement) at a time and keeps its state for the views. */
export class AuditRunner {
  private current: RunState = { kind: 'idle' };
  private abort: AbortController | undefined;
  private settled: Promise<unknown> = Promise.resolve();
  private readonly emitter = new Emitter<RunState>();
  readonly onDidChangeState = this.emitter.event;

  constructor(private readonly ports: RunnerPorts) {}

  get state(): RunState {
    return this.current;
  }

  get isRunning(): boolean {
    return this.abort !== undefined;
  }

  /** Stops what is running; resolves when it has settled. */
  async cancel(): Promise<void> {
    this.abort?.abort();
    await this.settled;
  }

  /** Forgets how the last run ended. */
  reset(): void {
    if (!this.isRunning) this.setState({ kind: 'idle' });
  }

  /**
   * Audits the prompts of the targets as one audit, each with the settings of its file. Expected failures are an outcome 'failed'; throws `HoldfastError` 'no-prompts' when
   * there is nothing to audit.
   */
  async run(
    targets: readonly AuditTarget[],
    settingsOf: (uri: string) => AuditSettings,
    signal: AbortSignal,
  ): Promise<RunResult> {
    const { log, results } = this.ports;
    const audited = new Map(targets.map(({ uri, text }) => [uri, { text, reads: noReads }]));
    const outcome = await this.exclusive(signal, (linked) => this.audit(targets, settingsOf, audited, linked)).catch(
      (error: unknown) => {
        // Nothing to audit is no failure of an audit: the views stay as they were.
        if (error instanceof HoldfastError && error.code === 'no-prompts') this.reset();
        throw error;
      },
    );
    const { outdated } = results.publish(outcome.report, audited, (uri) => this.ports.currentText(uri));
    for (const uri of outdated)
      log.info(`${uri} changed while it was audited; its results belong to the older text and are not shown.`);
    log.info(
      `Audit ${outcome.status}: ${outcome.report.findings.length} finding(s), ${outcome.report.prompts.length} prompt(s).`,
    );
    this.finish(outcome);
    return { outcome, outdated };
  }

  /** Says what is going on inside a step, such as a download; progress stays where it is. */
  announce(message: string): void {
    if (this.current.kind === 'running') this.setState({ ...this.current, message });
  }

  /** Drives any measurement as the one that runs, with state, progress and cancel. Rejects when one is running. */
  async exclusive<Outcome>(
    signal: AbortSignal,
    start: (signal: AbortSignal) => AsyncGenerator<AuditProgress, Outcome, void>,
  ): Promise<Outcome> {
    if (this.abort !== undefined) throw new Error('An audit is already running.');
    const controller = new AbortController();
    const forward = (): void => controller.abort(signal.reason);
    signal.addEventListener('abort', forward);
    if (signal.aborted) forward();
    this.abort = controller;
    this.setState({ kind: 'running', fraction: 0, message: '' });
    const work = this.drive(start(controller.signal));
    this.settled = work.catch(() => undefined);
    try {
      const outcome = await work;
      this.abort = undefined;
      return outcome;
    } catch (error) {
      this.abort = undefined;
      this.setState({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
      throw error;
    } finally {
      signal.removeEventListener('abort', forward);
    }
  }

  /** Sets the state that the views show after a run. */
  finish(outcome: { readonly status: AuditOutcome['status']; readonly error?: Error }): void {
    switch (outcome.status) {
      case 'completed':
        this.setState({ kind: 'idle' });
        break;
      case 'cancelled':
        this.setState({ kind: 'cancelled' });
        break;
      case 'failed':
        this.setState({ kind: 'failed', reason: outcome.error?.message ?? 'The audit failed.' });
        break;
    }
  }

  private async drive<Outcome>(stream: AsyncGenerator<AuditProgress, Outcome, void>): Promise<Outcome> {
    for (;;) {
      const step = await stream.next();
      if (step.done === true) return step.value;
      this.setState({ kind: 'running', fraction: step.value.fraction, message: step.value.message });
    }
  }

  /**
   * Reads the prompts, then audits them: a cancel counts from the first moment. `audited` gets the texts that they were read
   * from: of files that hold prompts of the targets, and of those that these read.
   */
  private async *audit(
    targets: readonly AuditTarget[],
    settingsOf: (uri: string) => AuditSettings,
    audited: Map<string, AuditedText>,
    signal: AbortSignal,
  ): Audit {
    const inputs = await this.inputs(targets, audited);
    const groups = groupBySettings(inputs, settingsOf);
    const names = targets.length === 1 ? (targets[0]?.uri ?? '') : `${targets.length} files`;
    for (const { settings, inputs: own } of groups)
      this.ports.log.info(
        `Auditing ${own.length} prompt(s) of ${names}: ${settings.policies.join(', ')} at ${settings.ratios.join(', ')}.`,
      );
    return yield* auditGroups(
      (...[own, load, settings, linked]) => this.ports.audit(own, load, settings, linked),
      groups,
      (settings, load) => this.ports.loadModel(settings, load),
      signal,
    );
  }

  private async inputs(targets: readonly AuditTarget[], audited: Map<string, AuditedText>): Promise<AuditInput[]> {
    const reasons: string[] = [];
    const inputs: AuditInput[] = [];
    for (const target of targets) {
      const extraction = await this.ports.extract(target);
      if (extraction.reason !== null) {
        reasons.push(extraction.reason);
        this.ports.log.info(`${target.uri} holds no prompt: ${extraction.reason}.`);
      }
      inputs.push(...extraction.inputs);
      const { reads } = extraction;
      audited.set(target.uri, { text: target.text, reads });
      for (const { prompt, fileText } of extraction.inputs)
        if (!audited.has(prompt.uri)) audited.set(prompt.uri, { text: fileText, reads });
    }
    if (inputs.length > 0) return distinctInputs(inputs);
    throw new HoldfastError(
      'no-prompts',
      `There is no prompt to audit${reasons.length === 1 ? `: ${reasons[0]!}` : ''}.`,
      'Open a Markdown or text file with a system prompt and run Holdfast: Audit This Prompt.',
    );
  }

  private setState(state: RunState): void {
    this.current = state;
    this.emitter.fire(state);
  }
}
