import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openGguf } from '../../src/runtime/weights/gguf.ts';
import { metadataNumber, requiredMetadata } from '../../src/runtime/weights/ggufMetadata.ts';
import { permuteRows, unpermuteRow } from '../../src/runtime/weights/ropePermutation.ts';
import { readFloat32, type TensorType } from '../../src/runtime/weights/weightSource.ts';
import { discover, floats, readJson } from '../support/fixtures.ts';
import { defaultModelPath, needsModel } from '../support/model.ts';
import { hashFloats, withoutNegativeZero } from '../support/tensorHash.ts';

interface WeightsCheck {
  config: { head_dim: number; num_hidden_layers: number; rms_norm_eps: number };
  tensors: {
    gguf: string;
    type: TensorType;
    shape: [number, number] | [number];
    gguf_sha256_f32: string;
    hf_sha256_f32: string;
    hf_first16: string;
  }[];
}

for (const file of discover('smollm2', /^weights_check\.json$/)) {
  test('tensors of the default model equal the reference as stored and in half-split order', needsModel(), () => {
    const { config, tensors } = readJson<WeightsCheck>(file);
    const gguf = openGguf(defaultModelPath()!);
    try {
      assert.equal(requiredMetadata(metadataNumber, gguf, 'llama.block_count'), config.num_hidden_layers);
      assert.equal(
        requiredMetadata(metadataNumber, gguf, 'llama.attention.layer_norm_rms_epsilon'),
        config.rms_norm_eps,
      );
      for (const tensor of tensors) {
        const info = gguf.tensors.get(tensor.gguf);
        assert.ok(info, tensor.gguf);
        assert.equal(info.type, tensor.type, tensor.gguf);
        assert.deepEqual(info.shape, tensor.shape, tensor.gguf);

        const stored = readFloat32(gguf, tensor.gguf);
        assert.equal(hashFloats(stored), tensor.gguf_sha256_f32, tensor.gguf);
        const [rows, cols = 1] = tensor.shape;
        const permuted = /\.attn_[qk]\.weight$/.test(tensor.gguf);
        const halfSplit = permuted ? permuteRows(stored, rows, cols, unpermuteRow(config.head_dim)) : stored;
        assert.equal(hashFloats(halfSplit), tensor.hf_sha256_f32, tensor.gguf);
        assert.deepEqual(
          withoutNegativeZero(halfSplit.subarray(0, 16)),
          withoutNegativeZero(floats(tensor.hf_first16)),
        );
      }
    } finally {
      gguf.close();
    }
  });
}
