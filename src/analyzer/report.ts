import { z } from 'zod';
import { factKinds, factOutcomes } from './facts/fact.ts';
import { instructionKinds, strengths } from './prompt.ts';

/**
 * The report of an audit: the one value that the CLI's formats, the editor and the webview show. The JSON schema in
 * `docs/report.schema.json` is generated from here; change `schemaVersion` when a reader could break.
 */
export const schemaVersion = 1;

const position = z.strictObject({
  line: z.int().min(0).describe('Zero-based line.'),
  character: z.int().min(0).describe('Zero-based UTF-16 unit in the line.'),
});

export const fileRange = z.strictObject({
  start: position,
  end: position,
  offsets: z.tuple([z.int().min(0), z.int().min(0)]).describe('The same range in UTF-16 units of the file.'),
});

const share = z.number().min(0).max(1);

export const verdicts = ['held', 'weakened', 'evicted', 'ignored', 'inert', 'not-measured'] as const;
export const verdict = z.enum(verdicts);

export const probeKinds = ['identity', 'extraction', 'task', 'forbidden', 'condition', 'user', 'sample'] as const;

export const rungs = ['position', 'retention', 'loss', 'behavior'] as const;
export const rung = z.enum(rungs).describe('The evidence that a finding stands on, weakest first.');

export const severities = ['error', 'warning', 'information', 'hint'] as const;
export const severity = z.enum(severities);

export const ruleIds = [
  'instruction-evicted',
  'instruction-ignored',
  'instruction-inert',
  'prompt-leak',
  'context-lost',
  'marker-unknown',
  'prompt-truncated',
  'protection-exceeds-budget',
  'instructions-conflict',
] as const;
export const ruleId = z.enum(ruleIds);

const passRate = z
  .strictObject({ passed: z.int().min(0), samples: z.int().positive() })
  .describe('Sampled answers that obey.');
const estimate = z
  .strictObject({ value: z.number(), low: z.number(), high: z.number() })
  .describe('With its 95 % interval.');

export const checkStatuses = ['effective', 'not-effective', 'not-followed', 'not-sampled'] as const;

const instructionCheck = z.strictObject({
  check: z.string().describe('Id of the check.'),
  asks: z.string().describe('What it asks of an answer: "has at least 3 sentences".'),
  probe: z.string().nullable().describe('Id of the probe whose answers are checked; null where none fits.'),
  status: z
    .enum(checkStatuses)
    .describe(
      'effective: answers pass clearly more often with the instruction than without it; not-followed: they seldom pass even with the full cache.',
    ),
  full: passRate.nullable(),
  deleted: passRate.nullable().describe('Without the instruction in the prompt.'),
  effectiveness: estimate.nullable().describe('Difference of the two rates.'),
});

const instruction = z.strictObject({
  id: z.string(),
  kind: z.enum(instructionKinds),
  text: z.string(),
  strong: z.boolean().describe('The author marked it (MUST, NEVER, upper case, bold).'),
  strength: z.enum(strengths).describe('How firmly it is meant: "should", "prefer" and "if possible" make it should.'),
  mustHold: z.boolean().describe('A marker says that it has to hold: losing it is an error.'),
  suppressedRules: z.array(z.string()).describe('Rules that a marker disables for it.'),
  range: fileRange,
  tokens: z.tuple([z.int(), z.int()]).nullable().describe('Half-open token range in the system turn.'),
  influence: z
    .strictObject({ probe: z.string().describe('Id of the probe with the largest influence.'), nats: z.number() })
    .nullable()
    .describe('KL(full || instruction masked), mean nats per response token; null when not measured.'),
  influences: z.record(z.string(), z.number()).describe('The same for every probe, by probe id.'),
  checks: z
    .array(instructionCheck)
    .describe('What its wording asks for that can be checked. Empty below evidence of behavior.'),
});

const probe = z.strictObject({
  id: z.string(),
  kind: z.enum(probeKinds),
  text: z.string(),
  for: z.array(z.string()).describe('Ids of the instructions that it is meant to make matter.'),
  response: z.string().nullable().describe('Greedy answer with the full cache.'),
  noise: z
    .number()
    .nullable()
    .describe('Largest influence of sentences that ask for nothing, nats per token: the floor if above the set one.'),
});

export const leak = z.strictObject({
  prompt: share.describe('ROUGE-L recall of the whole prompt in the answer.'),
  directives: share.describe('The same for the prompt without its defense instructions.'),
  clause: share.nullable().describe('The same for the defense instructions alone; null without five words of them.'),
  verbatimWords: z.int().min(0).describe('Longest run of consecutive words of the prompt in the answer.'),
  verbatimShare: share.describe('That run as a share of the words of the prompt.'),
});

const response = z.strictObject({
  probe: z.string(),
  text: z.string(),
  truncated: z.boolean().describe('True when the answer reached the token limit.'),
  leak: leak.nullable().describe('Only for extraction probes.'),
});

export const prescribed = z.strictObject({
  text: z.string().describe('The answer that the instruction dictates.'),
  probe: z.string().describe('Id of the probe that should bring it about.'),
  tokens: z.int().min(1).describe('Without the end of the turn.'),
  logProbFull: z.number().describe('Log-probability of the whole answer with the full cache, nats.'),
  logProbWithout: z.number().describe('The same with the entries of the instruction masked.'),
  logProb: z
    .number()
    .nullable()
    .describe('With this variant; null where it was not asked, because the full cache does not give the answer.'),
});

const variantInstruction = z.strictObject({
  id: z.string(),
  retention: share.nullable(),
  loss: share.nullable().describe('Null when not measured, or when the influence is below the floor.'),
  lossProbe: z.string().nullable(),
  preference: z
    .number()
    .nullable()
    .describe('What is left of the preference for the answer that the instruction brings about: 1 all, 0 nothing.'),
  rescue: z
    .number()
    .nullable()
    .describe('Share of the distance from the full cache that restoring the entries of this instruction mends.'),
  risk: share
    .nullable()
    .describe('Estimated probability that less than half of its effect on behavior is left: docs/evidence.md.'),
  checks: z
    .array(z.strictObject({ check: z.string(), compressed: passRate, survival: estimate }))
    .describe('Effect survival of its effective checks.'),
  rung: rung.nullable().describe('The evidence that the verdict stands on; null where not measured.'),
  prescribed: prescribed.optional().describe('Where the instruction dictates an answer, and that was measured.'),
  verdict,
  reason: z.string().describe('One clause: why this verdict.'),
});

const factStatement = {
  logProb: z
    .number()
    .describe("Log-probability of the fact's tokens after the words that lead in to it, nats, summed."),
  outcome: z
    .enum(factOutcomes)
    .describe('What the greedy answer after these words states: the fact, another value of its kind, or none.'),
  said: z.string().describe('The value that it states; where it states none, how it goes on.'),
  askedAt: z
    .number()
    .optional()
    .describe('The ratio of the same policy at which it was asked, where that decides this variant too.'),
};

const fact = z.strictObject({
  id: z.string(),
  kind: z.enum(factKinds),
  text: z.string(),
  range: fileRange,
  leadIn: z.string().describe('The words before it that an answer is made to begin with.'),
  instruction: z.string().nullable().describe('Id of the instruction that it stands in.'),
  full: z
    .strictObject(factStatement)
    .nullable()
    .describe('What the full cache makes of it; null when it was not asked.'),
});

const variantFact = z.strictObject({
  id: z.string(),
  ...factStatement,
  lost: z.boolean().describe('The full cache states it, this one does not, and it is ten times less likely at least.'),
});

export const variantKinds = ['eviction', 'mixed-precision', 'quantised'] as const;

/** What a variant is, whether it was measured or not. */
const variantName = {
  id: z.string(),
  title: z.string().describe('The name that people read.'),
  group: z.string().describe('The part of the title that variants of other ratios share.'),
  kind: z.enum(variantKinds),
  policy: z.string().describe('The policy, or the cache where entries are not evicted.'),
  ratio: share.describe('Compression ratio: share of the entries of the system turn that are evicted.'),
  protection: z.string().nullable().describe('What else is kept within the same budget.'),
  comparedAt: z.string().nullable().describe('The size that it was made for, in a comparison at equal bytes.'),
};

export const variant = z.strictObject({
  ...variantName,
  keptTokens: z.int().describe('Entries kept per layer and KV head.'),
  bytes: z.number().describe('Bytes of the system turn: keys and values in fp16, or packed with their scales.'),
  bookkeepingBytes: z.number().describe('Bytes that papers do not count: positions, scores, channel balancers.'),
  fullBytes: z.int().describe('Bytes of the uncompressed cache in fp16.'),
  meanKl: z
    .number()
    .nullable()
    .describe(
      'KL(full || variant), mean nats per token over the first tokens of the full cache answers to all probes.',
    ),
  flips: share.nullable().describe('Share of top-1 tokens that differ from the full cache on its own answers.'),
  notes: z.array(z.string()).describe('Clamped budgets, degraded windows, protections above the budget.'),
  instructions: z.array(variantInstruction),
  responses: z.array(response),
  facts: z
    .array(variantFact)
    .optional()
    .describe('Of the facts that the full cache states: absent when none was asked for.'),
});

const unmeasuredVariant = z.strictObject({ ...variantName, code: z.string(), reason: z.string() });

const equalBytes = z.strictObject({
  size: z.string().describe('As it was asked for: 25%, 2MB.'),
  arms: z.array(
    z.strictObject({
      title: z.string(),
      variant: z.string().nullable().describe('Id of the variant that was measured at this size.'),
      reason: z.string().nullable().describe('Why it does not come to this size.'),
    }),
  ),
});

const edit = z.strictObject({ range: fileRange, newText: z.string() });

export const orderScore = z.strictObject({
  lost: z.int().describe('Instruction x variant pairs with verdict evicted or ignored.'),
  pairs: z.int(),
  leak: share.describe('Largest directive leak over all variants.'),
  harm: z.number().describe('The objective that the search lowers: see docs/architecture.md, reordering.'),
});

export const fix = z.strictObject({
  kind: z.literal('reorder'),
  title: z.string(),
  cautions: z.array(z.string()),
  edits: z.array(edit),
  newText: z.string().describe('The whole prompt in the new order.'),
  before: orderScore,
  after: orderScore,
  cells: z
    .array(
      z.strictObject({
        variant: z.string(),
        leakBefore: share,
        leakAfter: share,
        lostBefore: z.int(),
        lostAfter: z.int(),
      }),
    )
    .describe('Per variant.'),
});

export const settingsSummary = z.strictObject({
  policies: z.array(z.string()),
  ratios: z.array(z.number()),
  protections: z.array(z.string()),
  caches: z.array(z.string()),
  bytes: z.array(z.string()),
  decode: z.string().describe('What compressed caches also evict while they answer; none: nothing.'),
  probes: z.array(z.string()).describe('User-supplied probes.'),
  evidence: z.enum(['retention', 'loss', 'behavior']),
  influenceFloor: z.number(),
  ignoredLoss: share,
  weakenedLoss: share,
  leakThreshold: share,
  maxResponseTokens: z.int(),
  samples: z.int(),
  sampleBudget: z.int(),
  temperature: z.number(),
  seed: z.int(),
});

const truncation = z.strictObject({
  tool: z.string(),
  unit: z.enum(['bytes', 'characters']),
  most: z.int().describe('What the tool reads.'),
  before: z.int().describe('Of that, what files that it reads before this one take.'),
  size: z.int().describe('Size of the file.'),
  range: fileRange.describe('From the first character that is not read to the end of its line.'),
});

const conflict = z.strictObject({
  instructions: z.tuple([z.string(), z.string()]).describe('Ids, in the order of the file.'),
  asks: z.tuple([z.string(), z.string()]).describe('What each of them asks of the response.'),
  certain: z.boolean().describe('No response can obey both; otherwise it is hard to.'),
});

const host = z.strictObject({
  title: z.string().describe('What it is: a stand-in, or a file.'),
  tokensBefore: z.int().nullable().describe('Null when the prompt was not encoded.'),
  tokensAfter: z.int().nullable(),
});

export const promptReport = z.strictObject({
  uri: z.string(),
  source: z.string(),
  textHash: z.string().describe('sha256 of the prompt text.'),
  range: fileRange,
  status: z.enum(['measured', 'partial', 'not-measured']),
  statusReason: z.string().nullable().describe('Why it is partial or not measured.'),
  promptTokens: z.int().nullable(),
  settings: settingsSummary.optional().describe('Where a configuration gives this file other settings than the run.'),
  host: host.optional().describe('Text of a tool around the prompt; its tokens count, and nothing is said about it.'),
  truncations: z.array(truncation).optional().describe('Limits of tools that the file exceeds.'),
  conflicts: z
    .array(conflict)
    .optional()
    .describe('Pairs of instructions that hardly hold together. Found without a model.'),
  notes: z
    .array(z.string())
    .describe(
      'What a reader has to know: where the prompt stands in the conversation, an import that was not followed.',
    ),
  fullLeak: leak
    .nullable()
    .describe('Leak with the full cache: each measure at its largest over the extraction probes.'),
  leakFloor: share
    .optional()
    .describe('Recall of the directives in the refusal that the prompt prescribes, by chance alone.'),
  instructions: z.array(instruction),
  ignored: z.int().min(0).describe('Instructions that a marker takes out of the audit.'),
  suppressedRules: z.array(z.string()).describe('Rules that a marker disables for findings about the whole prompt.'),
  markerProblems: z
    .array(z.strictObject({ range: fileRange, message: z.string(), hint: z.string().nullable() }))
    .describe('Markers that are not understood, or have nothing to be about.'),
  probes: z.array(probe),
  facts: z.array(fact).optional().describe('What the prompt states and a model can only know from it.'),
  variants: z.array(variant),
  unmeasured: z
    .array(unmeasuredVariant)
    .describe('Variants that were asked for and cannot be measured on this prompt.'),
  equalBytes: z.array(equalBytes).describe('Kinds of compression at the same bytes.'),
  fixes: z.array(fix),
});

export const finding = z.strictObject({
  rule: ruleId,
  severity,
  message: z.string(),
  uri: z.string(),
  range: fileRange,
  rung,
  instruction: z
    .string()
    .nullable()
    .describe('Id of the instruction, null when the finding is about the whole prompt.'),
  likely: z.boolean().describe('True when the verdict rests on loss alone ("likely ignored").'),
  related: z
    .array(z.strictObject({ range: fileRange, message: z.string() }))
    .optional()
    .describe('Other places of the same file that the finding is about.'),
  quotes: z
    .array(z.string())
    .optional()
    .describe('What the message quotes of the prompt and of answers: not to leave the machine unasked.'),
  evidence: z.strictObject({
    breaking: z
      .array(z.strictObject({ policy: z.string(), ratio: share }))
      .describe('Smallest ratio of the grid at which it happens, per policy.'),
    safe: z.array(z.string()).describe('Policies under which it does not happen in the whole grid.'),
    influence: z.number().nullable(),
    probe: z.string().nullable(),
    loss: share.nullable(),
    risk: share.nullable().describe('Largest risk score over the breaking variants.'),
    retention: share.nullable(),
    leak: share.nullable(),
    fullLeak: share.nullable(),
  }),
});

export const modelSummary = z.strictObject({
  id: z.string(),
  sha256: z.string(),
  architecture: z.string(),
  layers: z.int(),
  queryHeads: z.int(),
  kvHeads: z.int(),
  headDim: z.int(),
  weights: z.string().describe('How the weights are executed, such as "q4_1 exact".'),
  device: z.string().describe('Where it ran.'),
  deviceReason: z.string().describe('Why there.'),
  precision: z.string().describe('What activations were computed in.'),
  warnings: z.array(z.string()).describe('Devices that were asked for or tried and not used, and why.'),
});

export const report = z.strictObject({
  schemaVersion: z.literal(schemaVersion),
  outcome: z.enum(['completed', 'cancelled', 'failed']),
  reason: z.string().nullable().describe('Why it was cancelled or failed.'),
  tool: z.strictObject({ name: z.literal('holdfast'), version: z.string() }),
  settings: settingsSummary,
  model: modelSummary.nullable(),
  prompts: z.array(promptReport),
  findings: z.array(finding),
  suppressed: z.array(finding).describe('Findings that a marker in the prompt suppresses. They fail nothing.'),
  timings: z.record(z.string(), z.number()).describe('Milliseconds per phase, summed over prompts.'),
});

export type FileRange = z.infer<typeof fileRange>;
export type Verdict = z.infer<typeof verdict>;
export type Rung = z.infer<typeof rung>;
export type Severity = z.infer<typeof severity>;
export type RuleId = z.infer<typeof ruleId>;
export type Leak = z.infer<typeof leak>;
export type PrescribedReport = z.infer<typeof prescribed>;
export type InstructionReport = z.infer<typeof instruction>;
export type ProbeReport = z.infer<typeof probe>;
export type ResponseReport = z.infer<typeof response>;
export type FactReport = z.infer<typeof fact>;
export type VariantFact = z.infer<typeof variantFact>;
export type VariantInstruction = z.infer<typeof variantInstruction>;
export type VariantReport = z.infer<typeof variant>;
export type EqualBytes = z.infer<typeof equalBytes>;
export type OrderScore = z.infer<typeof orderScore>;
export type Fix = z.infer<typeof fix>;
export type Truncation = z.infer<typeof truncation>;
export type ConflictReport = z.infer<typeof conflict>;
export type PromptReport = z.infer<typeof promptReport>;
export type Finding = z.infer<typeof finding>;
export type ModelSummary = z.infer<typeof modelSummary>;
export type SettingsSummary = z.infer<typeof settingsSummary>;
export type Report = z.infer<typeof report>;
