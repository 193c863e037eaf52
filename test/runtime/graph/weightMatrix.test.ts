import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { HoldfastError } from '../../../src/errors.ts';
import { floats, floatTensor, int64Tensor, OnnxSession, type Tensor } from '../../../src/runtime/engine/onnxSession.ts';
import { embed } from '../../../src/runtime/graph/embedding.ts';
import { GraphBuilder } from '../../../src/runtime/graph/graphBuilder.ts';
import { Linear } from '../../../src/runtime/graph/linear.ts';
import { elementType, encodeModel } from '../../../src/runtime/graph/onnxModel.ts';
import {
  describeExecution,
  readEmbedding,
  readMatrix,
  readOutput,
  type MatrixOptions,
} from '../../../src/runtime/graph/weightMatrix.ts';
import { blockForms } from '../../../src/runtime/weights/blockForm.ts';
import { permuteRows, unpermuteRow } from '../../../src/runtime/weights/ropePermutation.ts';
import { readFloat32, type TensorType, type WeightSource } from '../../../src/runtime/weights/weightSource.ts';
import { memorySource, randomTensor } from '../../support/memorySource.ts';

const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-matrices-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const rows = 24;
const cols = 512;
const blockTypes = Object.keys(blockForms) as TensorType[];
let graphs = 0;

/** Builds a graph with `build`, runs it and returns the output `y`. */
async function run(build: (graph: GraphBuilder) => void, feeds: Record<string, Tensor>): Promise<Float32Array> {
  const name = `graph-${graphs++}`;
  const graph = new GraphBuilder(path.join(scratch, `${name}.bin`), `${name}.bin`);
  build(graph);
  const model = path.join(scratch, `${name}.onnx`);
  writeFileSync(model, encodeModel(graph.finish()));
  const session = await OnnxSession.create(model, 'cpu');
  try {
    return floats(await session.run(feeds, ['y']), 'y');
  } finally {
    await session.release();
  }
}

/** Every weight by itself, as the graph multiplies it: the product with an identity matrix, [rows, cols]. */
async function executedWeights(source: WeightSource, name: string, options: MatrixOptions & { rows?: number }) {
  const out = options.rows ?? rows;
  const identity = Float32Array.from({ length: cols * cols }, (_, i) => (i % (cols + 1) === 0 ? 1 : 0));
  const product = await run(
    (graph) => {
      graph.input('x', elementType.float, ['b', 's', cols]);
      new Linear(graph).apply('x', 'w', readMatrix(source, name, out, cols, options), 'y');
      graph.output('y', elementType.float, ['b', 's', out]);
    },
    { x: floatTensor(identity, [2, cols / 2, cols]) },
  );
  return Float32Array.from({ length: out * cols }, (_, i) => product[(i % cols) * out + Math.floor(i / cols)]!);
}

function assertClose(actual: Float32Array, expected: Float32Array, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  for (const [i, value] of expected.entries()) {
    assert.ok(Math.abs(actual[i]! - value) <= tolerance * largest, `weight ${i}: ${actual[i]} instead of ${value}`);
  }
}

/** A few roundings of float32, relative to the largest weight. */
const floatNoise = 5e-7;

describe('quantised matrices in native kernels', () => {
  for (const type of blockTypes) {
    test(`${type} multiplies by exactly the stored weights`, async () => {
      const source = memorySource({ w: randomTensor(type, [rows, cols]) });
      assert.equal(readMatrix(source, 'w', rows, cols, { precision: 'auto' }).kind, 'blocks');
      assertClose(await executedWeights(source, 'w', { precision: 'auto' }), readFloat32(source, 'w'), floatNoise);
    });
  }

  test('activations of two rows see the same product as float32 execution', async () => {
    for (const type of blockTypes) {
      const source = memorySource({ w: randomTensor(type, [rows, cols]) });
      const x = Float32Array.from({ length: 2 * 3 * cols }, (_, i) => Math.sin(i * i));
      const products = await Promise.all(
        (['auto', 'float32'] as const).map((precision) =>
          run(
            (graph) => {
              graph.input('x', elementType.float, ['b', 's', cols]);
              new Linear(graph).apply('x', 'w', readMatrix(source, 'w', rows, cols, { precision }), 'y');
              graph.output('y', elementType.float, ['b', 's', rows]);
            },
            { x: floatTensor(x, [2, 3, cols]) },
          ),
        ),
      );
      assertClose(products[0]!, products[1]!, 1e-5);
    }
  });

  test('the largest and smallest integers of every type are exact', async () => {
    for (const fill of [0x00, 0xff, 0x7f, 0x80]) {
      for (const type of ['Q8_0', 'Q6_K', 'IQ4_NL', 'Q5_1'] as const) {
        const tensor = randomTensor(type, [rows, cols]);
        const scales = tensor.bytes.slice();
        tensor.bytes.fill(fill);
        const blockBytes = { Q8_0: 34, Q6_K: 210, IQ4_NL: 18, Q5_1: 24 }[type];
        for (let at = 0; at < scales.length; at += blockBytes) {
          const halves = type === 'Q6_K' ? [208, 209] : type === 'Q5_1' ? [0, 1, 2, 3] : [0, 1];
          for (const half of halves) tensor.bytes[at + half] = scales[at + half]!;
        }
        const source = memorySource({ w: tensor });
        assertClose(await executedWeights(source, 'w', { precision: 'auto' }), readFloat32(source, 'w'), floatNoise);
      }
    }
  });

  test('an odd number of blocks in a row is exact too', async () => {
    for (const type of ['Q8_0', 'Q4_1', 'Q5_0'] as const) {
      const source = memorySource({ w: randomTensor(type, [rows, 96]) });
      const identity = Float32Array.from({ length: 96 * 96 }, (_, i) => (i % 97 === 0 ? 1 : 0));
      const product = await run(
        (graph) => {
          graph.input('x', elementType.float, ['n', 96]);
          new Linear(graph).applyToRows('x', 'w', readMatrix(source, 'w', rows, 96, { precision: 'auto' }), 'y');
          graph.output('y', elementType.float, ['n', rows]);
        },
        { x: floatTensor(identity, [96, 96]) },
      );
      const weights = product.map((_, i) => product[(i % 96) * rows + Math.floor(i / 96)]!);
      assertClose(weights, readFloat32(source, 'w'), floatNoise);
    }
  });

  test('rows of two dimensions serve the output projection', async () => {
    const source = memorySource({ w: randomTensor('Q4_K', [rows, cols]) });
    const y = await run(
      (graph) => {
        graph.input('x', elementType.float, ['n', cols]);
        new Linear(graph).applyToRows('x', 'w', readMatrix(source, 'w', rows, cols, { precision: 'auto' }), 'y');
        graph.output('y', elementType.float, ['n', rows]);
      },
      { x: floatTensor(new Float32Array(cols).fill(1), [1, cols]) },
    );
    const stored = readFloat32(source, 'w');
    const sums = Float32Array.from({ length: rows }, (_, row) =>
      stored.subarray(row * cols, (row + 1) * cols).reduce((sum, w) => sum + w, 0),
    );
    assertClose(y, sums, 1e-5);
  });
});

describe('rows of a matrix', () => {
  for (const precision of ['auto', 'float32'] as const) {
    test(`are permuted like their stored rows (${precision})`, async () => {
      const source = memorySource({ w: randomTensor('Q4_K', [rows, cols]) });
      const options = { precision, sourceRow: unpermuteRow(8) };
      const expected = permuteRows(readFloat32(source, 'w'), rows, cols, unpermuteRow(8));
      assertClose(await executedWeights(source, 'w', options), expected, floatNoise);
    });

    test(`of a fused tensor are read as parts of it (${precision})`, async () => {
      const source = memorySource({ w: randomTensor('Q6_K', [rows * 2, cols]) });
      const options = { precision, storedRows: rows * 2, sourceRow: (row: number) => row + 10 };
      const expected = readFloat32(source, 'w').subarray(10 * cols, (10 + rows) * cols);
      assertClose(await executedWeights(source, 'w', options), expected, floatNoise);
    });
  }

  test('that the stored tensor lacks are a bug that is not read over', async () => {
    const source = memorySource({ w: randomTensor('Q4_0', [rows, cols]) });
    await assert.rejects(
      executedWeights(source, 'w', { precision: 'auto', sourceRow: (row) => row + 1 }),
      /row 23 of 24|would come from row 24/,
    );
  });
});

describe('float weights', () => {
  for (const type of ['F32', 'F16', 'BF16'] as const) {
    test(`${type} runs as float32, or rounded to 8 bits within the stated error`, async () => {
      const source = memorySource({ w: randomTensor(type, [rows, cols]) });
      const stored = readFloat32(source, 'w');
      assert.deepEqual(await executedWeights(source, 'w', { precision: 'auto' }), stored);
      const rounded = await executedWeights(source, 'w', { precision: 'int8' });
      let moved = 0;
      for (let start = 0; start < stored.length; start += 32) {
        const block = stored.subarray(start, start + 32);
        const largest = block.reduce((max, w) => Math.max(max, Math.abs(w)), 0);
        for (const [i, w] of block.entries()) {
          const error = Math.abs(rounded[start + i]! - w);
          assert.ok(error <= (largest / 254) * 1.0001, `weight ${start + i}: ${rounded[start + i]} for ${w}`);
          if (error > 0) moved += 1;
        }
      }
      assert.ok(moved > stored.length / 2, 'the weights were rounded');
    });
  }
});

describe('the embedding table', () => {
  const ids = [5, 0, 23, 5];
  for (const type of [...blockTypes, 'F32', 'F16', 'BF16'] as const) {
    test(`in ${type} gives exactly the stored rows`, async () => {
      // An odd number of blocks where the type allows it.
      const cols = type.endsWith('_K') || type === 'IQ4_XS' ? 512 : 96;
      const source = memorySource({ e: randomTensor(type, [rows, cols]) });
      const found = await run(
        (graph) => {
          graph.input('ids', elementType.int64, ['b', 's']);
          const embedded = embed(graph, 'ids', readEmbedding(source, 'e', rows, cols, 'auto'));
          graph.op('Identity', [embedded], {}, 'y');
          graph.output('y', elementType.float, ['b', 's', cols]);
        },
        { ids: int64Tensor(ids, [2, 2]) },
      );
      const stored = readFloat32(source, 'e');
      const expected = ids.flatMap((id) => [...stored.subarray(id * cols, (id + 1) * cols)]);
      assert.deepEqual(
        found.map((w) => w + 0),
        Float32Array.from(expected, (w) => w + 0), // -0 and 0 are the same weight
      );
    });
  }
});

describe('large tensors', () => {
  test('are read in slices', () => {
    const source = memorySource({ w: randomTensor('Q8_0', [3000, 1024]) });
    const matrix = readMatrix(source, 'w', 3000, 1024, { precision: 'auto' });
    let count = 0;
    for (const slice of matrix.slices()) count += 'integers' in slice ? slice.integers.length : slice.length;
    assert.equal(count, 3000 * 1024);
    assert.ok(source.largestRead <= 2 ** 20 * (34 / 32), `${source.largestRead} bytes at once`);
  });

  test('an output projection runs in blocks once float32 would take more than 256 MB', () => {
    const output = (rows: number) =>
      readOutput(
        memorySource({ w: { ...randomTensor('Q6_K', [1, 256]), shape: [rows, 4096] } }),
        'w',
        rows,
        4096,
        'auto',
      );
    assert.equal(output(16_384).kind, 'float');
    assert.equal(output(16_385).kind, 'blocks');
  });
});

test('a missing tensor and one of another shape are named', () => {
  const source = memorySource({ w: randomTensor('Q4_0', [rows, cols]) });
  const refuses = (name: string, asked: number, message: RegExp): void => {
    assert.throws(
      () => readMatrix(source, name, asked, cols, { precision: 'auto' }),
      (error) => error instanceof HoldfastError && error.code === 'model-format' && message.test(error.message),
    );
  };
  refuses('v', rows, /tensor "v" is missing/);
  refuses('w', 25, /tensor "w" has shape 24 x 512; .* 25 x 512/);
});

test('execution is described by what it is, most frequent type first', () => {
  const tensor = (type: TensorType, shape: number[]) => randomTensor(type, shape);
  const source = memorySource({
    'token_embd.weight': tensor('Q8_0', [64, 256]),
    'blk.0.attn_norm.weight': tensor('F32', [256]),
    'blk.0.attn_v.weight': tensor('Q6_K', [64, 256]),
    'blk.0.ffn_up.weight': tensor('Q4_K', [512, 256]),
  });
  assert.equal(
    describeExecution(source, 'auto'),
    'Q4_K, exact 4-bit; Q6_K, exact 8-bit; output Q8_0, executed as float32',
  );
  assert.equal(
    describeExecution(source, 'float32'),
    'Q4_K, executed as float32; Q6_K, executed as float32; output Q8_0, executed as float32',
  );
  const floats = memorySource({ 'a.weight': tensor('BF16', [64, 256]), 'lm_head.weight': tensor('BF16', [64, 256]) });
  assert.equal(describeExecution(floats, 'int8'), 'BF16, rounded to 8-bit; output BF16, executed as float32');
  assert.equal(describeExecution(floats, 'auto'), 'BF16, executed as float32');
});
