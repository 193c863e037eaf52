import { writeFileSync } from 'node:fs';
import { openGguf } from '../../src/runtime/weights/gguf.ts';
import {
  metadataNumber,
  metadataNumbers,
  metadataString,
  metadataStrings,
} from '../../src/runtime/weights/ggufMetadata.ts';
import { typed, writeGguf, type RawTensor } from './ggufWriter.ts';

/** Small enough for a software GPU, with every part of a real model: grouped heads, 4-bit matrices, a tied embedding. */
const layers = 3;
const hidden = 64;
const feedForward = 128;
const queryHeads = 4;
const kvHeads = 2;
const headDim = 16;
const contextLength = 2048;

/** Repeatable numbers in [0, 1): https://en.wikipedia.org/wiki/Linear_congruential_generator (Numerical Recipes). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** Sum of four uniform numbers, centred: near enough to a normal distribution with this standard deviation. */
const normal = (random: () => number, deviation: number): number =>
  (random() + random() + random() + random() - 2) * Math.sqrt(3) * deviation;

/** Q4_1 blocks with d = 2^-exponent and m = -7.5 d, so that weights are centred. */
function q41(count: number, exponent: number, random: () => number): Buffer {
  const block = Buffer.alloc(20);
  block.writeUInt16LE((15 - exponent) << 10, 0); // d as f16
  block.writeUInt16LE(0x8000 | ((17 - exponent) << 10) | 896, 2); // m = -1.875 x 2^(2 - exponent)
  const blocks = Buffer.alloc((count / 32) * 20);
  for (let at = 0; at < blocks.length; at += 20) {
    for (let i = 4; i < 20; i++) block[i] = Math.floor(random() * 256);
    block.copy(blocks, at);
  }
  return blocks;
}

/** Writes a llama GGUF with random weights and the tokenizer and chat template of the model in `tokenizerFile`. */
export function writeTinyModel(file: string, tokenizerFile: string, seed = 1): void {
  const source = openGguf(tokenizerFile);
  source.close();
  const tokens = metadataStrings(source, 'tokenizer.ggml.tokens')!;
  const random = generator(seed);
  const tensors: RawTensor[] = [];
  const parts: Buffer[] = [];
  let offset = 0;
  const add = (name: string, ne: number[], type: number, bytes: Buffer): void => {
    tensors.push({ name, ne, type, offset });
    const padding = Buffer.alloc((32 - (bytes.length % 32)) % 32);
    parts.push(bytes, padding);
    offset += bytes.length + padding.length;
  };
  const matrix = (name: string, rows: number, cols: number, exponent: number): void => {
    add(name, [cols, rows], 3, q41(rows * cols, exponent, random));
  };
  const floats = (name: string, ne: number[], value: () => number): void => {
    const count = ne.reduce((a, b) => a * b);
    add(name, ne, 0, Buffer.from(Float32Array.from({ length: count }, value).buffer));
  };
  floats('token_embd.weight', [hidden, tokens.length], () => normal(random, 0.35));
  floats('output_norm.weight', [hidden], () => 1);
  for (let layer = 0; layer < layers; layer++) {
    const name = (role: string): string => `blk.${layer}.${role}.weight`;
    floats(name('attn_norm'), [hidden], () => 1);
    floats(name('ffn_norm'), [hidden], () => 1);
    matrix(name('attn_q'), queryHeads * headDim, hidden, 4);
    matrix(name('attn_k'), kvHeads * headDim, hidden, 4);
    matrix(name('attn_v'), kvHeads * headDim, hidden, 5);
    matrix(name('attn_output'), hidden, queryHeads * headDim, 4);
    matrix(name('ffn_gate'), feedForward, hidden, 5);
    matrix(name('ffn_up'), feedForward, hidden, 5);
    matrix(name('ffn_down'), hidden, feedForward, 6);
  }
  const copied = (key: string): [string, Buffer] => [key, typed.string(metadataString(source, key)!)];
  const numbered = (key: string): [string, Buffer] => [key, typed.uint32(metadataNumber(source, key)!)];
  const metadata: [string, Buffer][] = [
    ['general.architecture', typed.string('llama')],
    ['llama.block_count', typed.uint32(layers)],
    ['llama.context_length', typed.uint32(contextLength)],
    ['llama.embedding_length', typed.uint32(hidden)],
    ['llama.feed_forward_length', typed.uint32(feedForward)],
    ['llama.attention.head_count', typed.uint32(queryHeads)],
    ['llama.attention.head_count_kv', typed.uint32(kvHeads)],
    ['llama.attention.layer_norm_rms_epsilon', typed.float32(1e-5)],
    ['llama.rope.dimension_count', typed.uint32(headDim)],
    copied('tokenizer.ggml.model'),
    copied('tokenizer.ggml.pre'),
    copied('tokenizer.chat_template'),
    numbered('tokenizer.ggml.bos_token_id'),
    numbered('tokenizer.ggml.eos_token_id'),
    ['tokenizer.ggml.tokens', typed.strings(tokens)],
    ['tokenizer.ggml.merges', typed.strings(metadataStrings(source, 'tokenizer.ggml.merges')!)],
    ['tokenizer.ggml.token_type', typed.int32s(metadataNumbers(source, 'tokenizer.ggml.token_type')!)],
  ];
  writeFileSync(file, writeGguf({ metadata, tensors, data: Buffer.concat(parts) }));
}
