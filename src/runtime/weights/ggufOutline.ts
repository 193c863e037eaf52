import { MAX_HEADER_BYTES, readGgufCounts, readTensorEntry } from './gguf.ts';
import { readMetadataValue, skipMetadataValue, type GgufMetadata, type GgufValue } from './ggufMetadata.ts';
import { ggmlTensorTypes, unsupportedGgmlTypes } from './ggufTypes.ts';
import { HeaderCursor } from './headerCursor.ts';
import { TensorFile } from './tensorFile.ts';
import { tensorLayouts } from './tensorLayout.ts';
import { elementCount } from './weightSource.ts';

/** What a GGUF file says of itself, without its vocabulary and its weights. */
export interface GgufOutline extends GgufMetadata {
  /** Elements stored as each ggml type, by name; empty when the time was up before the tensor table. */
  readonly elements: ReadonlyMap<string, number>;
}

/** Everything of the vocabulary: large, and of no use to someone who chooses a model. */
const SKIPPED_PREFIX = 'tokenizer.';

/**
 * Reads the head of a GGUF file. Vocabularies are passed over, so that about 10 MB of the largest files are read.
 * @param budgetMs after which the rest is left out (slow disks); the file is then reported as it was read so far.
 * @throws HoldfastError `model-format` for what is no GGUF file, or one that is damaged or shorter than its tensors.
 */
export function outlineGguf(path: string, budgetMs: number): GgufOutline {
  const deadline = performance.now() + budgetMs;
  const file = new TensorFile(path);
  try {
    const cursor = new HeaderCursor(file, MAX_HEADER_BYTES);
    const { tensorCount, keyCount } = readGgufCounts(cursor);
    const metadata = new Map<string, GgufValue>();
    const elements = new Map<string, number>();
    for (let i = 0; i < keyCount; i++) {
      cursor.context = `the key of metadata entry ${i + 1} of ${keyCount}`;
      const key = cursor.string();
      cursor.context = `metadata "${key}"`;
      if (key.startsWith(SKIPPED_PREFIX)) skipMetadataValue(cursor);
      else metadata.set(key, readMetadataValue(cursor));
      if (performance.now() > deadline) return { path, metadata, elements };
    }
    let dataBytes = 0;
    for (let i = 0; i < tensorCount; i++) {
      const { ne, typeNumber, offset } = readTensorEntry(cursor, i);
      const type = ggmlTensorTypes.get(typeNumber);
      const name = type ?? unsupportedGgmlTypes.get(typeNumber) ?? `ggml type ${typeNumber}`;
      const count = elementCount(ne);
      elements.set(name, (elements.get(name) ?? 0) + count);
      if (type === undefined) continue;
      const { blockSize, blockBytes } = tensorLayouts[type];
      dataBytes = Math.max(dataBytes, offset + (count / blockSize) * blockBytes);
    }
    const needed = cursor.position + dataBytes;
    if (file.size < needed)
      throw file.damaged(`it is incomplete: ${file.size} bytes, and its tensors alone take ${needed}`);
    return { path, metadata, elements };
  } finally {
    file.close();
  }
}
