// KVzip and KVzip+ from attention and hidden states that a decoder written token by token gives.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { parsePolicy } from '../../src/cache/policies/index.ts';
import { secondPassKey, type SecondPass } from '../../src/cache/secondPass.ts';
import { decoderWeights } from '../../src/runtime/graph/decoderWeights.ts';
import { longRopeStart } from '../../src/runtime/graph/rope.ts';
import { wholeMatrix } from '../../src/runtime/graph/weightMatrix.ts';
import { largestBatches } from '../../src/runtime/memory/batches.ts';
import { Decoder, type DecoderOutput, type DecoderStep } from '../../src/runtime/simulator/decoder.ts';
import { prefill } from '../../src/runtime/simulator/prefill.ts';
import { runSecondPass, type PassResult } from '../../src/runtime/simulator/secondPass.ts';
import { openSafetensors } from '../../src/runtime/weights/safetensors.ts';
import { neverPause, openTestFolder } from '../support/engine.ts';
import { committedFixture, readJson } from '../support/fixtures.ts';
import { PlainDecoder, type Held } from '../support/plainDecoder.ts';
import { budget } from '../support/policyCases.ts';

const sinks = 2;
/** Two passes: 16 tokens, and 4 that see the first two beside themselves. */
const prefixTokens = 20;

/** What a pass feeds, without a tokenizer: any request, then the tokens that it repeats. */
const fedBy = ({ scored }: SecondPass, ids: Int32Array): Int32Array =>
  Int32Array.of(7, 3, 9, ...ids.subarray(scored.start, scored.end));

const folders = readdirSync(committedFixture('architectures'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe('what a second run pays', () => {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-second-'));
  after(() => rmSync(scratch, { recursive: true, force: true }));

  for (const name of folders) {
    test(`${name}: KVzip and KVzip+ score as defined, and only the latter asks for hidden states`, async () => {
      const folder = committedFixture('architectures', name);
      const decoder = await openTestFolder(scratch, folder, 'config.json');
      const { config } = decoder;
      const { layers, queryHeads, kvHeads, headDim, hiddenSize } = config;
      const ids = Int32Array.from(readJson<{ input_ids: number[] }>(path.join(folder, 'reference.json')).input_ids);
      assert.ok(ids.length >= prefixTokens);
      const source = openSafetensors(folder);
      const plain = new PlainDecoder(source, config, longRopeStart(config) !== null);
      const outputWeights = Array.from({ length: layers }, (_, layer) =>
        wholeMatrix(decoderWeights(source, config, 'float32').linear('attentionOutput', layer)),
      );
      source.close();
      const before = plain.empty();
      for (let position = 0; position < prefixTokens; position++) plain.feed(ids[position]!, position, before);

      for (const plus of [false, true]) {
        const policy = parsePolicy(`kvzip(sinks=${sinks},chunk=16,plus=${plus})`);
        const passes = policy.needs(prefixTokens).secondPasses!;
        assert.equal(passes.length, 2);
        const asked = new Set<DecoderOutput>();
        const watched = Object.assign(Object.create(decoder) as Decoder, {
          config,
          run: (step: DecoderStep, wanted: readonly DecoderOutput[]) => {
            for (const output of wanted) asked.add(output);
            return decoder.run(step, wanted);
          },
        });
        const secondPasses = new Map<string, PassResult>();
        const options = { ...largestBatches, outputWeight: (layer: number) => outputWeights[layer]!, secondPasses };
        const exact = await prefill(watched, ids.slice(0, prefixTokens), [], neverPause, undefined, options);
        for (const pass of passes)
          secondPasses.set(
            secondPassKey(pass),
            await runSecondPass(watched, exact, pass, fedBy(pass, ids), neverPause),
          );
        assert.equal(asked.has('inputNorms'), plus);

        const expected = Array.from({ length: layers }, () => new Float64Array(kvHeads * prefixTokens));
        for (const pass of passes) {
          const held: Held = before.map((ofLayer) => ofLayer.map((entries) => [...entries]));
          for (const [i, id] of fedBy(pass, ids).entries()) {
            const { attention, inputNorms } = plain.feed(id, prefixTokens + i, held);
            for (let layer = 0; layer < layers; layer++) {
              for (let head = 0; head < queryHeads; head++) {
                const row = attention[layer]![head]!;
                const kvHead = Math.floor((head * kvHeads) / queryHeads);
                const isAmong = (key: number): boolean =>
                  key >= prefixTokens || pass.among.some(({ start, end }) => key >= start && key < end);
                const shared = row.reduce((sum, share, key) => sum + (isAmong(key) ? share : 0), 0);
                for (let key = pass.scored.start; key < pass.scored.end; key++) {
                  const { value } = held[layer]![kvHead]![key]!;
                  // W_o times the value as it stands in this query head's channels.
                  let square = 0;
                  for (let out = 0; out < hiddenSize; out++) {
                    let sum = 0;
                    for (let channel = 0; channel < headDim; channel++)
                      sum += outputWeights[layer]![(out * queryHeads + head) * headDim + channel]! * value[channel]!;
                    square += sum * sum;
                  }
                  const paid = row[key]! / shared;
                  const score = plus ? (paid * Math.sqrt(square)) / inputNorms[layer]! : paid;
                  const at = kvHead * prefixTokens + key;
                  expected[layer]![at] = Math.max(expected[layer]![at]!, score);
                }
              }
            }
          }
        }
        for (const [layer, observation] of exact.observations.entries()) {
          const scores = policy.score(observation, { ...budget(10), layer, layers });
          for (const [entry, value] of expected[layer]!.entries()) {
            const off = Math.abs(scores[entry]! - value);
            assert.ok(off <= 2e-4 * value + 2e-5, `layer ${layer}, entry ${entry}: ${scores[entry]!} is not ${value}`);
          }
        }
      }
      await decoder.session.release();
    });
  }
});
