import { elementCount, type TensorInfo, type TensorType } from '../weights/weightSource.ts';

/** Bytes per weight of the forms in which a graph holds a matrix. */
const forms = {
  float32: 4,
  /** 4-bit blocks of 32 with a float32 scale. */
  blocks4: (16 + 4) / 32,
  /** The same with a float32 offset. */
  blocks4WithOffset: (16 + 8) / 32,
  /** Two 4-bit products, their scales and an offset. */
  blocks8: (2 * (16 + 4) + 4) / 32,
} as const;

/**
 * Bytes that one weight of a layer's matrix takes in the graph, by its type in the file. Follows what the graph builder
 * does with each type.
 */
const bytesPerWeight: Readonly<Partial<Record<TensorType, number>>> = {
  Q4_0: forms.blocks4,
  Q4_1: forms.blocks4WithOffset,
  Q4_K: forms.blocks4WithOffset,
  Q5_K: forms.blocks8,
  Q6_K: forms.blocks8,
  Q8_0: forms.blocks8,
};

/** Bytes per weight of a layer's matrix in the graph; everything without a native form is float32. */
export const graphBytesPerWeight = (type: TensorType): number => bytesPerWeight[type] ?? forms.float32;

/** An 8-bit embedding table is gathered as it is, one scale per 32; every other one is float32. */
const embeddingBytesPerWeight = (type: TensorType): number => (type === 'Q8_0' ? 36 / 32 : forms.float32);

const embeddingNames: ReadonlySet<string> = new Set(['token_embd.weight', 'model.embed_tokens.weight']);
const outputNames: ReadonlySet<string> = new Set(['output.weight', 'lm_head.weight']);

/** Size of the weights in the graph that these tensors become. */
export function graphWeightBytes(tensors: Iterable<Pick<TensorInfo, 'name' | 'type' | 'shape'>>): number {
  let layers = 0;
  let embedding = 0;
  let output: number | null = null;
  for (const { name, type, shape } of tensors) {
    const count = elementCount(shape);
    if (outputNames.has(name)) {
      output = count * forms.float32;
    } else if (embeddingNames.has(name)) {
      embedding = count * embeddingBytesPerWeight(type);
      output ??= count * forms.float32; // a tied embedding is written again as the output projection
    } else {
      layers += count * graphBytesPerWeight(type);
    }
  }
  return layers + embedding + (output ?? 0);
}

/** How much larger a graph is than a file whose tensors are not known: 16-bit floats double, quantised blocks get float32 scales. */
const growth = { float32: 1, float16: 2, quantised: 1.35 } as const;

/** The same from the size of a file and the name of its quantisation, such as `Q4_K_M`, before it is on this machine. */
export function graphWeightBytesOfFile(
  fileBytes: number,
  quantisation: string,
  { vocabSize, hiddenSize }: { readonly vocabSize: number; readonly hiddenSize: number },
): number {
  if (/^F32$/iu.test(quantisation)) return fileBytes * growth.float32;
  if (/^B?F16$/iu.test(quantisation)) return fileBytes * growth.float16;
  return fileBytes * growth.quantised + vocabSize * hiddenSize * forms.float32;
}
