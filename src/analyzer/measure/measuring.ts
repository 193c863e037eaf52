import type { DecodeId } from '../../cache/decode/index.ts';
import { noDecode } from '../../cache/decode/index.ts';
import type { CompareRow, CompressedCache, LanguageModel, Mask, PrefixHandle } from '../../runtime/languageModel.ts';
import type { Measurement } from '../measurement.ts';
import type { InstructionProbe } from '../probes/index.ts';
import type { AuditSettings } from '../settings.ts';

/**
 * Tokens of an answer over which influence, loss and KL are averaged. Effects sit in the first tokens (identity, refusal,
 * language): over 24 tokens KL predicts behavior no better (docs/evidence.md), and every measurement costs a half more.
 */
export const evidenceTokens = 16;

/** Tokens of an answer that are shown, at least. */
export const shownTokens = 24;

/** What the phases of a prompt's measurement work with: each reads `measurement`, asks the model, and adds to it. */
export interface Measuring {
  readonly model: LanguageModel;
  readonly prefix: PrefixHandle;
  readonly measurement: Measurement;
  readonly settings: AuditSettings;
  /** Tokens of each probe's user turn, by probe id. */
  readonly suffixes: ReadonlyMap<string, Int32Array>;
  readonly signal: AbortSignal;
}

/** Told how many of a phase's rows are done. */
export type RowsDone = (done: number, total: number) => void;

export const suffixOf = ({ suffixes }: Pick<Measuring, 'suffixes'>, probe: InstructionProbe): Int32Array =>
  suffixes.get(probe.id)!;

/** The probes that the full cache answered: only on its answers can caches be compared. */
export const answeredProbes = ({ probes, fullAnswers }: Measurement): InstructionProbe[] =>
  probes.filter(({ id }) => (fullAnswers.get(id)?.ids.length ?? 0) > 0);

/** A row that teacher-forces the full cache's answer to a probe. */
export const forced = (measuring: Measuring, probe: InstructionProbe, mask: Mask): CompareRow => ({
  mask,
  suffix: suffixOf(measuring, probe),
  target: measuring.measurement.fullAnswers.get(probe.id)!.ids.slice(0, evidenceTokens),
});

/** Whether a variant is the full cache: it evicts nothing, and what it keeps reads as before. */
export const keepsAll = ({ kept, isChanged }: CompressedCache): boolean =>
  !isChanged && kept.countKept() === kept.layers * kept.kvHeads * kept.seqLen;

/** What compressed caches evict while they answer. */
export const decodeOf = ({ decode }: AuditSettings): DecodeId | undefined => (decode === noDecode ? undefined : decode);
