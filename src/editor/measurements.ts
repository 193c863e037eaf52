import * as vscode from 'vscode';
import { audit } from '../analyzer/audit.ts';
import { reorder } from '../analyzer/reorder.ts';
import { openResultStore, type ResultStore } from '../analyzer/resultStore.ts';
import { holdfastHome } from '../runtime/models/index.ts';

/** The measurements of the analyzer, with the results of earlier ones at hand: the same content is not measured twice. */
export class Measurements {
  private store: Promise<ResultStore> | undefined;

  constructor(private readonly extensionUri: vscode.Uri) {}

  readonly audit: typeof audit = (...[inputs, loadModel, settings, signal]) =>
    this.withStore((store) => audit(inputs, loadModel, settings, signal, store));

  readonly reorder: typeof reorder = (...[input, loadModel, settings, signal]) =>
    this.withStore((store) => reorder(input, loadModel, settings, signal, store));

  private async *withStore<Progress, Outcome>(
    start: (store: ResultStore) => AsyncGenerator<Progress, Outcome, void>,
  ): AsyncGenerator<Progress, Outcome, void> {
    return yield* start(await (this.store ??= this.open()));
  }

  private open(): Promise<ResultStore> {
    const programs = ['extension.cjs', 'engine.cjs'].map(
      (name) => vscode.Uri.joinPath(this.extensionUri, 'dist', name).fsPath,
    );
    return openResultStore(holdfastHome().results, programs);
  }
}
