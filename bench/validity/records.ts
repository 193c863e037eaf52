import { z } from 'zod';

const share = z.number().nullable();
const passRate = z.strictObject({ passed: z.int(), samples: z.int() });

/** What was measured on one row: everything that predictors are computed from, and the pass rates that they have to predict. */
export const rowRecord = z.strictObject({
  unit: z.string(),
  key: z.string(),
  asked: z.int().describe('Checks of the row.'),
  promptTokens: z.int(),
  noise: z.number().nullable(),
  instructions: z.array(
    z.strictObject({
      kind: z.string(),
      strength: z.string(),
      tokens: z.int(),
      start: z.int(),
      profile: z.array(z.number()).describe('KL(full || masked) per token of the answer, nats.'),
      influence: z.number(),
    }),
  ),
  checks: z.array(
    z.strictObject({
      instruction: z.int(),
      id: z.string(),
      full: passRate.nullable(),
      deleted: passRate.nullable(),
    }),
  ),
  variants: z.array(
    z.strictObject({
      policy: z.string(),
      ratio: z.number(),
      kept: z.number(),
      kl: z.array(z.number()).describe('KL(full || variant) per token of the answer, nats.'),
      flipped: z.array(z.int()),
      logProbs: z.array(z.number()),
      retention: z.array(share).describe('Per instruction, as the four that follow.'),
      loss: z.array(share),
      preference: z.array(share),
      rescue: z.array(share),
      compressed: z.array(passRate.nullable()).describe('Per check.'),
    }),
  ),
});
export type RowRecord = z.infer<typeof rowRecord>;
