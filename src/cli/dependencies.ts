import type { audit } from '../analyzer/audit.ts';
import type { AuditInput } from '../analyzer/outcome.ts';
import type { reorder } from '../analyzer/reorder.ts';
import type { FindOptions } from '../analyzer/sources/findPrompts.ts';
import type { ResultStore } from '../analyzer/resultStore.ts';
import type { LoadSettings } from '../analyzer/settings.ts';
import type { LanguageModel } from '../runtime/languageModel.ts';
import type {
  listModels,
  planRemoval,
  pullModel,
  removeModel,
  ResolvedModel,
  resolveModel,
  verifyAll,
  verifyModel,
} from '../runtime/models/index.ts';
import type { Check } from './doctorChecks.ts';

/** The process that runs a model. One per command, closed when the command ends, however it ends. */
export interface EnginePort {
  load(wanted: { readonly model: ResolvedModel } & LoadSettings, signal: AbortSignal): Promise<LanguageModel>;
  dispose(): void;
}

/** What the commands call; the product's are in `productDependencies.ts`, tests bring their own. */
export interface Dependencies {
  readonly audit: typeof audit;
  readonly reorder: typeof reorder;
  /** Prompts of the named files, folders and globs; without names, those of the folder's known prompt files. */
  readonly findPrompts: (
    patterns: readonly string[],
    cwd: string,
    signal: AbortSignal,
    options: FindOptions,
  ) => Promise<AuditInput[]>;
  readonly models: {
    readonly resolve: typeof resolveModel;
    readonly pull: typeof pullModel;
    readonly list: typeof listModels;
    readonly verify: typeof verifyModel;
    readonly verifyAll: typeof verifyAll;
    readonly planRemoval: typeof planRemoval;
    readonly remove: typeof removeModel;
  };
  readonly openEngine: () => EnginePort;
  /** Results of earlier audits. */
  readonly openResults: () => Promise<ResultStore>;
  /** The checks of `doctor`, cheapest first. */
  readonly doctorChecks: readonly Check[];
}
