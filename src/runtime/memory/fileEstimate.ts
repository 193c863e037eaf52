import { floatOutputBytes } from '../graph/weightMatrix.ts';

/** What is known of a model before its file is opened, or is even on this machine. */
export interface FileSize {
  readonly bytes: number;
  /** How its weights are stored, such as `Q4_K_M` or `BF16`. */
  readonly quantisation?: string;
}

/**
 * How much larger a graph is than its file: 16-bit floats become float32; quantised blocks get scales (and minima) in
 * float32, 4 bits growing most (measured: 1.34 for Q4_K, 1.07 for Q8_0).
 */
const growth = { float32: 1, float16: 2, eightBit: 1.1, fewerBits: 1.35 } as const;

/** The program, a usual prompt and its variants; measured with the default model. They grow with the model's width. */
const fixedBytes = 400e6;
const shareOfWeights = 0.08;

/** Peak memory of an audit from the size of a file and the name of its quantisation alone. Exact numbers need its tensors. */
export function estimateFromFile({ bytes, quantisation = '' }: FileSize): number {
  const weights = bytes * growthOf(quantisation) + Math.min(floatOutputBytes, bytes);
  return Math.round(weights * (1 + shareOfWeights) + fixedBytes);
}

function growthOf(quantisation: string): number {
  if (/^F32$/iu.test(quantisation)) return growth.float32;
  if (/^B?F16$/iu.test(quantisation)) return growth.float16;
  return /^Q8_0$/iu.test(quantisation) ? growth.eightBit : growth.fewerBits;
}
