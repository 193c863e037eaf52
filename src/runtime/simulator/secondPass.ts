import type { LayerObservation } from '../../cache/layerObservation.ts';
import type { FedPart, SecondPass } from '../../cache/secondPass.ts';
import { encodeUserSuffix, type ChatTemplate } from '../chatTemplate/index.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import type { Decoder, StepResult } from './decoder.ts';
import { OwnCache } from './ownCache.ts';
import type { Pause } from './pause.ts';
import type { Prefill } from './prefill.ts';

/** Tokens per run: each run gives the attention of every fed token to every key. */
const tokensPerRun = 64;

/** Attention that a pass paid to its scored positions, per layer [queryHeads, scored positions]. */
export type PassResult = readonly ReturnType<LayerObservation['secondPass']>[];

/** Feeds tokens over the whole, uncompressed prefix and reduces the attention that they pay to it. */
export async function runSecondPass(
  decoder: Decoder,
  prefix: Prefill,
  pass: SecondPass,
  fed: Int32Array,
  pause: Pause,
): Promise<PassResult> {
  const { layers, queryHeads } = decoder.config;
  const width = pass.scored.end - pass.scored.start;
  const results = Array.from({ length: layers }, () => new Float32Array(queryHeads * width));
  const own = new OwnCache(decoder.config, 1, fed.length);
  for (let start = 0; start < fed.length; start += tokensPerRun) {
    await pause();
    const tokens = Math.min(tokensPerRun, fed.length - start);
    const result = await decoder.run(
      {
        rows: 1,
        tokens,
        ids: fed.slice(start, start + tokens),
        positions: Int32Array.from({ length: tokens }, (_, i) => prefix.ids.length + start + i),
        prefix: prefix.keyValues,
        prefixBias: null,
        own,
        ownBias: own.bias(tokens),
        rowGroups: { count: tokens, weights: identity(tokens) },
        logitRows: Int32Array.of(0),
      },
      ['keyValues', 'sums', ...(pass.perHiddenNorm ? (['inputNorms'] as const) : [])],
    );
    for (const [layer, target] of results.entries()) reduceInto(target, result, layer, queryHeads, pass);
    own.append([0], [tokens], result);
  }
  if (pass.reduce === 'mean') for (const layer of results) for (const i of layer.keys()) layer[i]! /= fed.length;
  return results;
}

/** The tokens that a pass feeds. `system` is any system text: what follows a user turn does not depend on it. */
export function fedTokens(
  feed: readonly FedPart[],
  prefix: Int32Array,
  template: ChatTemplate,
  tokenizer: Tokenizer,
): Int32Array {
  return Int32Array.from(
    feed.flatMap((part): number[] => {
      switch (part.kind) {
        case 'text':
          return [...tokenizer.encode(part.text, { plainRanges: [[0, part.text.length]] }).ids];
        case 'prefix':
          return [...prefix.subarray(part.start, part.end)];
        case 'answer-header':
          return answerHeader(template, tokenizer);
      }
    }),
  );
}

/** What two conversations that differ in the user's text alone end with. */
function answerHeader(template: ChatTemplate, tokenizer: Tokenizer): number[] {
  const [a, b] = ['Yes', 'Good morning'].map((user) => [...encodeUserSuffix(template, tokenizer, 'Be brief.', user)]);
  let same = 0;
  while (same < Math.min(a!.length, b!.length) && a!.at(-1 - same) === b!.at(-1 - same)) same++;
  return a!.slice(a!.length - same);
}

function identity(size: number): Float32Array {
  const weights = new Float32Array(size * size);
  for (let i = 0; i < size; i++) weights[i * size + i] = 1;
  return weights;
}

/** Folds the attention of one run's tokens into [queryHeads, scored positions]. */
function reduceInto(
  target: Float32Array,
  result: StepResult,
  layer: number,
  queryHeads: number,
  { among, scored, reduce, perHiddenNorm }: SecondPass,
): void {
  const { prefix, own, tokens } = result.columns;
  const columns = prefix + own + tokens;
  const probabilities = result.sums(layer); // [queryHeads, tokens, columns]
  const norms = perHiddenNorm ? result.inputNorms(layer) : undefined; // [tokens]
  const width = scored.end - scored.start;
  for (let head = 0; head < queryHeads; head++) {
    for (let token = 0; token < tokens; token++) {
      const row = probabilities.subarray((head * tokens + token) * columns, (head * tokens + token + 1) * columns);
      let shared = 0;
      for (const { start, end } of among) for (let key = start; key < end; key++) shared += row[key]!;
      for (let key = prefix; key < columns; key++) shared += row[key]!;
      const total = shared * (norms?.[token] ?? 1);
      for (let i = 0; i < width; i++) {
        const share = row[scored.start + i]! / total;
        const at = head * width + i;
        if (reduce === 'mean') target[at]! += share;
        else target[at] = Math.max(target[at]!, share);
      }
    }
  }
}
