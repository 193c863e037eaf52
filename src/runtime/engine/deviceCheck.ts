import type { ModelConfig } from '../graph/modelConfig.ts';
import { masked } from '../graph/signature.ts';
import { causalBias, Decoder } from '../simulator/decoder.ts';
import type { OnnxSession } from './onnxSession.ts';

/** What a check run gave: the same inputs on every device. */
export interface CheckResult {
  /** Logits, then keys and attention sums of the last layer. */
  readonly outputs: readonly Float32Array[];
  /** A run after the first one, which compiles kernels; null where it was not asked for. */
  readonly warmMs: number | null;
}

/**
 * Largest difference from the CPU's numbers, as a share of the largest of them. Other orders of float32 sums stay below
 * 2e-5 (SwiftShader: 1.2e-4 on logits of 20); float16 and TF32 are above 5e-4.
 */
export const checkTolerance = 2e-4;

/** Entries of the made-up prefix, rows and new tokens: small, and every part of the graph takes part. */
const entries = 8;
const rows = 2;
const tokens = 3;

/** Two rows of three tokens after a made-up prefix, of which the second row sees every other entry. */
export async function checkRun(session: OnnxSession, config: ModelConfig, timed: boolean): Promise<CheckResult> {
  const { layers, kvHeads, headDim } = config;
  const wave = (seed: number): Float32Array =>
    Float32Array.from({ length: kvHeads * entries * headDim }, (_, i) => Math.sin(seed + 0.7 * i));
  const perLayer = (make: (layer: number) => Float32Array): Float32Array[] =>
    Array.from({ length: layers }, (_, layer) => make(layer));
  const bias = Float32Array.from({ length: kvHeads * rows * entries }, (_, i) => {
    const [row, entry] = [Math.floor(i / entries) % rows, i % entries];
    return row === 1 && entry % 2 === 1 ? masked : 0;
  });
  const step = {
    rows,
    tokens,
    ids: Int32Array.from({ length: rows * tokens }, (_, i) => (i * 7919) % config.vocabSize),
    positions: Int32Array.from({ length: rows * tokens }, (_, i) => entries + (i % tokens)),
    prefix: { keys: perLayer((layer) => wave(layer)), values: perLayer((layer) => wave(-layer)), tokens: entries },
    prefixBias: perLayer(() => bias),
    own: null,
    ownBias: causalBias(rows, tokens),
    rowGroups: { count: 1, weights: new Float32Array(tokens).fill(1) },
    logitRows: Int32Array.from({ length: rows * tokens }, (_, i) => i),
  };
  const decoder = new Decoder(session, config);
  const result = await decoder.run(step, ['logits', 'keyValues', 'sums']);
  const outputs = [result.logits, result.newKeys(layers - 1), result.sums(layers - 1)].map((data) => data.slice());
  if (!timed) return { outputs, warmMs: null };
  const start = performance.now();
  await decoder.run(step, ['logits', 'keyValues', 'sums']);
  return { outputs, warmMs: performance.now() - start };
}

/** How far two check runs are apart, as a share of the largest number; infinite where one has no finite number. */
export function checkDifference(actual: CheckResult, expected: CheckResult): number {
  let worst = 0;
  for (const [index, values] of expected.outputs.entries()) {
    const others = actual.outputs[index]!;
    let largest = 0;
    let difference = 0;
    for (const [i, value] of values.entries()) {
      if (!Number.isFinite(others[i])) return Number.POSITIVE_INFINITY;
      largest = Math.max(largest, Math.abs(value));
      difference = Math.max(difference, Math.abs(value - others[i]!));
    }
    worst = Math.max(worst, largest === 0 ? difference : difference / largest);
  }
  return worst;
}
