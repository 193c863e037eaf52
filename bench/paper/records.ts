import { z } from 'zod';
import { protectionNames } from './grid.ts';
import { forms } from './paperPrompt.ts';

/** What was measured, as it stands in the state file: answers and shares, not scores, so that scores can be made anew. */

const share = z.number().min(0).max(1);

const answer = z.strictObject({
  text: z.string(),
  /** The token limit ended it, or it was saying the same over and over. */
  cut: z.boolean(),
});

const measuredCell = z.strictObject({
  policy: z.string(),
  ratio: share,
  protection: z.enum(protectionNames),
  /** Entries kept per layer and KV head. */
  keptTokens: z.int().min(1),
  /** Share of each part's entries that is kept; template: what is neither. Null where the prompt has no defense. */
  keep: z.strictObject({ defense: share, directives: share, template: share }).nullable(),
  /** Indices into `answers`. */
  task: z.int().min(0),
  leak: z.int().min(0).nullable(),
});

/** The importance tier of a mixed-precision cache, and how likely it makes the directives as the answer to the leak query. */
const tier = z.strictObject({
  policy: z.string(),
  fair: z.boolean(),
  bytes: z.int().min(0),
  /** Share of each part's entries in the tier of high precision. */
  high: z.strictObject({ defense: share, directives: share }),
  /** Nats per token. */
  leakLogProb: z.number(),
});

export const promptRecord = z.strictObject({
  unit: z.string(),
  kind: z.literal('prompt'),
  form: z.enum(forms),
  line: z.int().min(1),
  promptTokens: z.int().min(1),
  defenseTokens: z.int().min(0),
  directiveTokens: z.int().min(0),
  answers: z.array(answer),
  full: z.strictObject({ task: z.int().min(0), leak: z.int().min(0).nullable() }),
  cells: z.array(measuredCell),
  /** Cells that hold no cache: a whitelist that is larger than the budget. */
  skipped: z.array(z.strictObject({ policy: z.string(), ratio: share, protection: z.enum(protectionNames) })),
  fullLeakLogProb: z.number().nullable(),
  tiers: z.array(tier),
  seconds: z.number().min(0),
});

export const retrievalRecord = z.strictObject({
  unit: z.string(),
  kind: z.literal('retrieval'),
  sample: z.int().min(0),
  promptTokens: z.int().min(1),
  arms: z.array(
    z.strictObject({
      arm: z.string(),
      /** The group of arms of one size; null for the full cache. */
      size: z.string().nullable(),
      /** Share of the full cache's bytes, as papers count. */
      bytes: z.number().min(0),
      /** Nats per token of the number, and whether the greedy answer states it. */
      questions: z.array(z.strictObject({ logProb: z.number(), correct: z.boolean(), said: z.string() })),
    }),
  ),
  seconds: z.number().min(0),
});

export const record = z.discriminatedUnion('kind', [promptRecord, retrievalRecord]);

export type PromptRecord = z.infer<typeof promptRecord>;
export type MeasuredCell = z.infer<typeof measuredCell>;
export type TierRecord = z.infer<typeof tier>;
export type RetrievalRecord = z.infer<typeof retrievalRecord>;
export type PaperRecord = z.infer<typeof record>;
