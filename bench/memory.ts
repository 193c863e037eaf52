// Memory of a large model: `npm run bench:memory`. Writes an 8B-shaped Llama GGUF with random Q4_K weights into a temporary
// folder, loads it in the product's engine (first with conversion, then from the cache), prefills a prompt, and compares
// the engine's peak resident set with the size of the executed graph. Linux only: the peak is read from /proc.
import { evictions } from '../src/cache/cacheRequest.ts';
import { policyIds } from '../src/cache/policies/index.ts';
import { randomFillSync } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Engine } from '../src/runtime/engine/client.ts';
import { charOfByte } from '../src/runtime/tokenizer/byteLevelAlphabet.ts';
import { typed, writeGguf, type RawTensor } from '../test/support/ggufWriter.ts';

/** Peak resident set / graph size must stay below this. */
const bar = 1.3;
const promptTokens = 256;
const shape = { layers: 32, hidden: 4096, feedForward: 14_336, heads: 32, kvHeads: 8, headDim: 128, vocab: 128_256 };
/** Disk that one layer, and everything else, takes as a file and converted (6 bits per weight instead of 4.5). */
const bytesPerLayer = 220e6 * (1 / 1.78 + 1 / 1.33);
const otherBytes = 1.6e9;

const q4k = { type: 12, blockSize: 256, blockBytes: 144 };
const f32 = { type: 0, blockSize: 1, blockBytes: 4 };

interface Matrix {
  readonly name: string;
  readonly ne: readonly number[];
  readonly layout: typeof q4k;
}

function tensorsOf(layers: number): Matrix[] {
  const { hidden, feedForward, heads, kvHeads, headDim, vocab } = shape;
  const matrix = (name: string, cols: number, rows: number): Matrix => ({ name, ne: [cols, rows], layout: q4k });
  const norm = (name: string): Matrix => ({ name, ne: [hidden], layout: f32 });
  const layer = (index: number): Matrix[] => {
    const name = (part: string): string => `blk.${index}.${part}.weight`;
    return [
      norm(name('attn_norm')),
      matrix(name('attn_q'), hidden, heads * headDim),
      matrix(name('attn_k'), hidden, kvHeads * headDim),
      matrix(name('attn_v'), hidden, kvHeads * headDim),
      matrix(name('attn_output'), heads * headDim, hidden),
      norm(name('ffn_norm')),
      matrix(name('ffn_gate'), hidden, feedForward),
      matrix(name('ffn_up'), hidden, feedForward),
      matrix(name('ffn_down'), feedForward, hidden),
    ];
  };
  return [
    matrix('token_embd.weight', hidden, vocab),
    ...Array.from({ length: layers }, (_, index) => layer(index)).flat(),
    norm('output_norm.weight'),
    matrix('output.weight', hidden, vocab),
  ];
}

const bytesOf = ({ ne, layout }: Matrix): number =>
  (ne.reduce((product, size) => product * size, 1) / layout.blockSize) * layout.blockBytes;

/** Byte-level tokens, then pairs and triples of them with their merges, as many as a Llama 3 vocabulary has. */
function vocabulary(): { tokens: string[]; merges: string[] } {
  const tokens = [...charOfByte];
  const merges: string[] = [];
  for (let first = 0; tokens.length < shape.vocab - 2; first++) {
    for (let second = 0; second < charOfByte.length && tokens.length < shape.vocab - 2; second++) {
      merges.push(`${tokens[first]} ${charOfByte[second]}`);
      tokens.push(tokens[first]! + charOfByte[second]!);
    }
  }
  return { tokens: [...tokens, '<|im_start|>', '<|im_end|>'], merges };
}

const chatTemplate =
  "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/** Random Q4_K blocks whose weights have a mean near zero and a spread of about 1 / sqrt(hidden): logits stay finite. */
function randomBlocks(bytes: number): Buffer {
  const blocks = Buffer.alloc(bytes);
  randomFillSync(blocks);
  for (let at = 0; at < bytes; at += q4k.blockBytes) {
    const d = 0x0600 + (blocks[at]! << 1); // 9e-5 to 1.4e-4 as half floats
    blocks.writeUInt16LE(d, at);
    blocks.writeUInt16LE(d + 0x0b80, at + 2); // dmin is about 7.5 d
  }
  return blocks;
}

function writeModel(file: string, layers: number): void {
  const tensors = tensorsOf(layers);
  const { tokens, merges } = vocabulary();
  let offset = 0;
  const table = tensors.map((tensor): RawTensor => {
    const entry = { name: tensor.name, ne: tensor.ne, type: tensor.layout.type, offset };
    offset += Math.ceil(bytesOf(tensor) / 32) * 32;
    return entry;
  });
  const number = (key: string, value: number) => [`llama.${key}`, typed.uint32(value)] as const;
  const header = writeGguf({
    metadata: [
      ['general.architecture', typed.string('llama')],
      number('block_count', layers),
      number('embedding_length', shape.hidden),
      number('feed_forward_length', shape.feedForward),
      number('attention.head_count', shape.heads),
      number('attention.head_count_kv', shape.kvHeads),
      number('context_length', 8192),
      ['llama.attention.layer_norm_rms_epsilon', typed.float32(1e-5)],
      ['llama.rope.freq_base', typed.float32(500_000)],
      ['tokenizer.ggml.model', typed.string('gpt2')],
      ['tokenizer.ggml.pre', typed.string('smollm')],
      ['tokenizer.ggml.tokens', typed.strings(tokens)],
      ['tokenizer.ggml.merges', typed.strings(merges)],
      ['tokenizer.ggml.token_type', typed.uint32s(tokens.map((_, id) => (id >= shape.vocab - 2 ? 3 : 1)))],
      ['tokenizer.ggml.eos_token_id', typed.uint32(shape.vocab - 1)],
      ['tokenizer.chat_template', typed.string(chatTemplate)],
    ],
    tensors: table,
  });
  const random = randomBlocks(q4k.blockBytes * 400_000); // 58 MB
  const norm = Buffer.from(new Float32Array(shape.hidden).fill(1).buffer);
  const descriptor = openSync(file, 'w');
  try {
    writeSync(descriptor, header);
    for (const [index, tensor] of tensors.entries()) {
      const position = header.length + table[index]!.offset;
      const bytes = bytesOf(tensor);
      const content = tensor.layout === q4k ? random : norm;
      // Every matrix starts elsewhere in the random blocks, so that no two are alike.
      let from = tensor.layout === q4k ? ((index * 7919) % 400_000) * q4k.blockBytes : 0;
      for (let done = 0; done < bytes;) {
        const length = Math.min(bytes - done, content.length - from);
        writeSync(descriptor, content, from, length, position + done);
        done += length;
        from = 0;
      }
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Peak resident set of a living process, in bytes. */
function peakResidentBytes(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

interface Measured {
  readonly loadSeconds: number;
  readonly loadedPeak: number;
  readonly tokensPerSecond: number;
  readonly peak: number;
}

async function measure(enginePath: string, model: string, graphsFolder: string): Promise<Measured> {
  const engine = new Engine({ enginePath });
  try {
    const { signal } = new AbortController();
    const options = {
      id: 'bench',
      path: model,
      sha256: '0'.repeat(64),
      graphsFolder,
      device: 'cpu',
      precision: 'auto',
      memoryLimit: '100%',
    } as const;
    const start = performance.now();
    const loaded = await engine.load(options, signal);
    const loadSeconds = (performance.now() - start) / 1000;
    const loadedPeak = peakResidentBytes(engine.pid!);
    const ids = Int32Array.from({ length: promptTokens }, (_, i) => (i * 7919) % shape.vocab);
    const before = performance.now();
    const prefix = await loaded.prefill(ids, evictions(policyIds), signal);
    const tokensPerSecond = (promptTokens * 1000) / (performance.now() - before);
    const peak = peakResidentBytes(engine.pid!);
    await loaded.release(prefix);
    return { loadSeconds, loadedPeak, tokensPerSecond, peak };
  } finally {
    engine.dispose();
  }
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;

const enginePath = fileURLToPath(new URL('../dist/engine.cjs', import.meta.url));
if (!existsSync(enginePath)) throw new Error('dist/engine.cjs is missing: run "npm run build" first.');
const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-memory-'));
process.once('SIGINT', () => {
  rmSync(scratch, { recursive: true, force: true });
  process.exit(130);
});
try {
  const { bavail, bsize } = statfsSync(scratch);
  const layers = Math.min(shape.layers, Math.floor((bavail * bsize - otherBytes - 1e9) / bytesPerLayer));
  if (layers < 1) throw new Error(`Not enough room in ${scratch}: set TMPDIR to a disk with 12 GB.`);
  if (layers < shape.layers) console.log(`The disk has room for ${layers} of ${shape.layers} layers.`);
  const model = path.join(scratch, 'random-8b.Q4_K.gguf');
  writeModel(model, layers);
  console.log(`model: ${layers} layers, ${gigabytes(statSync(model).size)} of Q4_K`);
  const graphs = path.join(scratch, 'graphs');
  for (const what of ['converted', 'from the cache']) {
    const { loadSeconds, loadedPeak, tokensPerSecond, peak } = await measure(enginePath, model, graphs);
    const graph = path.join(graphs, readdirSync(graphs)[0]!);
    const graphBytes = readdirSync(graph).reduce((sum, name) => sum + statSync(path.join(graph, name)).size, 0);
    const ratio = peak / graphBytes;
    console.log(
      `${what}: load ${loadSeconds.toFixed(1)} s, prefill of ${promptTokens} tokens ${tokensPerSecond.toFixed(1)} tokens/s, ` +
        `graph ${gigabytes(graphBytes)}, peak resident set ${gigabytes(peak)} (${gigabytes(loadedPeak)} after loading), ` +
        `ratio ${ratio.toFixed(2)} (bar ${bar}: ${ratio < bar ? 'held' : 'MISSED'})`,
    );
    if (ratio >= bar) process.exitCode = 1;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
