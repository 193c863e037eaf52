import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { HoldfastError } from '../../../src/errors.ts';
import { supportedArchitectures } from '../../../src/runtime/graph/architectures/index.ts';
import { configFromHuggingFace } from '../../../src/runtime/graph/huggingFaceConfig.ts';
import type { ModelConfig } from '../../../src/runtime/graph/modelConfig.ts';

const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-config-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const llama = {
  model_type: 'llama',
  num_hidden_layers: 4,
  hidden_size: 64,
  intermediate_size: 96,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: 100,
  hidden_act: 'silu',
};

function read(json: unknown): ModelConfig {
  const file = path.join(scratch, 'config.json');
  writeFileSync(file, typeof json === 'string' ? json : JSON.stringify(json));
  return configFromHuggingFace(scratch);
}

/** What is refused, and what the error says. */
function refused(json: unknown, code: HoldfastError['code'], ...words: readonly string[]): void {
  assert.throws(
    () => read(json),
    (error) => {
      assert.ok(error instanceof HoldfastError);
      assert.equal(error.code, code);
      for (const word of words)
        assert.ok(`${error.message} ${error.hint}`.includes(word), `${word} in ${error.message}`);
      return true;
    },
  );
}

const windows = ({ attention }: ModelConfig) => attention.map(({ window }) => window);
const ropes = ({ attention }: ModelConfig) => attention.map(({ rope }) => rope);

describe('a Hugging Face configuration', () => {
  test('that is silent means what transformers assumes for its family', () => {
    const config = read(llama);
    assert.deepEqual([config.normEpsilon, config.contextLength, config.headDim], [1e-6, 2048, 16]);
    assert.deepEqual(config.ropes, [{ theta: 10_000, dimensions: 16, scaling: { type: 'none' } }]);
    assert.equal(read({ ...llama, num_key_value_heads: null }).kvHeads, 4);
    assert.equal(read({ ...llama, model_type: 'qwen3' }).headDim, 128);
  });

  test('may write null for what it leaves out', () => {
    const nulls = { head_dim: null, rope_scaling: null, quantization_config: null, num_local_experts: null };
    assert.deepEqual(read({ ...llama, ...nulls }), read(llama));
  });

  test('of a family that is not run is refused by name, with the list of those that are', () => {
    refused({ ...llama, model_type: 'mamba2' }, 'unsupported-model', '"mamba2"', ...supportedArchitectures);
    refused({}, 'unsupported-model', '"unnamed"');
  });

  test('with options that change the arithmetic in unknown ways is refused, naming them', () => {
    refused({ ...llama, hidden_act: 'relu2' }, 'unsupported-model', 'relu2', 'silu');
    refused({ ...llama, num_local_experts: 8 }, 'unsupported-model', 'num_local_experts', 'mixture of experts');
    refused({ ...llama, quantization_config: { bits: 4 } }, 'unsupported-model', 'quantization_config', 'GGUF');
    refused({ ...llama, rope_scaling: { rope_type: 'spiral' } }, 'unsupported-model', '"spiral"', 'yarn');
  });

  test('that is damaged is told from one that is not run', () => {
    refused('{ "model_type": ', 'model-format', 'config.json');
    refused({ ...llama, rope_scaling: { rope_type: 'llama3', factor: 8 } }, 'model-format', 'low_freq_factor');
    refused({ ...llama, num_key_value_heads: 3 }, 'model-format', '3 KV heads');
    const short = { rope_type: 'longrope', short_factor: [1, 1], long_factor: [2, 2] };
    refused({ ...llama, rope_scaling: short }, 'model-format', '2 divisors for 8 channels');
    refused({ ...llama, model_type: 'qwen2', layer_types: ['full_attention'] }, 'model-format', '1 layers of 4');
  });

  test('says where layers slide: everywhere, in the later ones, in turn, or nowhere', () => {
    assert.deepEqual(windows(read({ ...llama, model_type: 'mistral', sliding_window: 8 })), [8, 8, 8, 8]);
    assert.deepEqual(windows(read({ ...llama, model_type: 'mistral', sliding_window: null })), [
      null,
      null,
      null,
      null,
    ]);
    const qwen = { ...llama, model_type: 'qwen2', sliding_window: 8, max_window_layers: 2 };
    assert.deepEqual(windows(read({ ...qwen, use_sliding_window: true })), [null, null, 8, 8]);
    assert.deepEqual(windows(read({ ...qwen, use_sliding_window: false })), [null, null, null, null]);
    assert.deepEqual(windows(read({ ...llama, model_type: 'gemma2', sliding_window: 8 })), [8, null, 8, null]);
    const listed = ['full_attention', 'sliding_attention', 'full_attention', 'full_attention'];
    const gemma = { ...llama, model_type: 'gemma2', sliding_window: 8, layer_types: listed };
    assert.deepEqual(windows(read(gemma)), [null, 8, null, null]);
  });

  test('of Gemma 3 has one rotary embedding for layers that slide and one for the others', () => {
    const older = { ...llama, model_type: 'gemma3_text', sliding_window: 8, sliding_window_pattern: 2 };
    const config = read({ ...older, rope_scaling: { rope_type: 'linear', factor: 8 } });
    assert.deepEqual(ropes(config), [1, 0, 1, 0]);
    assert.deepEqual(
      config.ropes.map(({ theta, scaling }) => [theta, scaling.type]),
      [
        [1_000_000, 'linear'],
        [10_000, 'none'],
      ],
    );
    const parameters = {
      full_attention: { rope_type: 'linear', factor: 8, rope_theta: 1_000_000 },
      sliding_attention: { rope_type: 'default', rope_theta: 10_000 },
    };
    assert.deepEqual(read({ ...older, rope_parameters: parameters }).ropes, config.ropes);
  });

  test('of a model that also takes pictures describes its decoder apart', () => {
    const config = read({
      model_type: 'gemma3',
      text_config: { ...llama, model_type: 'gemma3_text' },
      vision_config: {},
    });
    assert.deepEqual([config.architecture, config.layers, config.vocabSize], ['gemma3', 4, 100]);
  });

  test('of SmolLM 3 marks the layers that have a rotary embedding', () => {
    assert.deepEqual(ropes(read({ ...llama, model_type: 'smollm3' })), [0, 0, 0, null]);
    assert.deepEqual(ropes(read({ ...llama, model_type: 'smollm3', no_rope_layers: [0, 1, 1, 0] })), [
      null,
      0,
      0,
      null,
    ]);
  });

  test('of Phi 3 rotates a part of each head, and calls LongRoPE by three names', () => {
    const phi = { ...llama, model_type: 'phi3', partial_rotary_factor: 0.5, original_max_position_embeddings: 1024 };
    for (const type of ['longrope', 'su', 'yarn']) {
      const scaling = { type, short_factor: [1, 1, 1, 1], long_factor: [2, 2, 2, 2] };
      const [rope] = read({ ...phi, max_position_embeddings: 4096, rope_scaling: scaling }).ropes;
      assert.equal(rope!.dimensions, 8);
      assert.ok(rope!.scaling.type === 'longrope');
      assert.ok(Math.abs(rope!.scaling.magnitude - Math.sqrt(1 + Math.log(4) / Math.log(1024))) < 1e-12);
    }
  });
});
