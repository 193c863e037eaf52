// Eviction while a conversation goes on, against conversations written down token by token, with caches that really shrink.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { compress } from '../../src/cache/compress.ts';
import type { DecodeState } from '../../src/cache/decode/decodePolicy.ts';
import { parseDecode } from '../../src/cache/decode/index.ts';
import { KeptSet } from '../../src/cache/keptSet.ts';
import { parsePolicy } from '../../src/cache/policies/index.ts';
import { compressedLayers } from '../../src/cache/slidingLayers.ts';
import { longRopeStart } from '../../src/runtime/graph/rope.ts';
import { answerEvicting } from '../../src/runtime/simulator/answer.ts';
import { Comparer } from '../../src/runtime/simulator/compare.ts';
import type { Decoder } from '../../src/runtime/simulator/decoder.ts';
import { generateEvicting, type Evicting } from '../../src/runtime/simulator/generate.ts';
import { prefill, type Prefill } from '../../src/runtime/simulator/prefill.ts';
import { hiddenEntries } from '../../src/runtime/simulator/prefixMask.ts';
import { openSafetensors } from '../../src/runtime/weights/safetensors.ts';
import { neverPause, openTestFolder } from '../support/engine.ts';
import { committedFixture, readJson } from '../support/fixtures.ts';
import { gathered, PlainDecoder, type Entry, type Fed, type Held } from '../support/plainDecoder.ts';

/** What one call of the model leaves for a policy to look at. */
interface Call {
  readonly layer: number;
  readonly tokens: number;
  readonly soFar: number;
  readonly held: Entry[][]; // [kvHeads]
  /** Per query head and position: what the call's last token pays, and what all its tokens pay. */
  readonly last: Map<number, number>[];
  readonly all: Map<number, number>[];
}

/** Positions that each head drops. */
type Drops = (call: Call) => number[][];

const prefixTokens = 11;
const budget = 9;
const kvOf = (head: number, { queryHeads, kvHeads }: PlainDecoder['config']): number =>
  Math.floor((head * kvHeads) / queryHeads);
const leastOf = (entries: readonly Entry[], count: number, worth: (position: number) => number): number[] =>
  entries
    .map(({ position }) => position)
    .sort((a, b) => worth(a) - worth(b) || a - b)
    .slice(0, Math.max(0, count));

/** KeyDiff: those whose keys are most like the mean direction. (Norms of keys tie where a token stands twice.) */
function mostAlike(entries: readonly Entry[], count: number): number[] {
  const unit = entries.map(({ key }) => {
    const norm = Math.hypot(...Array.from(key));
    return Array.from(key, (value) => value / norm);
  });
  const anchor = unit[0]!.map((_, i) => unit.reduce((sum, each) => sum + each[i]!, 0) / unit.length);
  const likeness = new Map(
    entries.map(({ position }, i) => [position, unit[i]!.reduce((sum, value, c) => sum + value * anchor[c]!, 0)]),
  );
  return leastOf(entries, count, (position) => -likeness.get(position)!);
}

/** The policies again, each as a few lines over lists of entries. */
const simulations: Record<string, (plain: PlainDecoder, ids: Int32Array) => Drops> = {
  'window(sinks=2,budget=9)': () => (call) =>
    call.held.map((entries) =>
      entries
        .filter(({ position }) => position >= 2)
        .slice(0, Math.max(0, entries.length - budget))
        .map(({ position }) => position),
    ),
  'tova(budget=9)':
    ({ config }) =>
    (call) =>
      call.held.map((entries) =>
        leastOf(entries.slice(0, -1), entries.length - budget, (position) =>
          call.last.reduce((sum, ofHead) => sum + (ofHead.get(position) ?? 0) / config.queryHeads, 0),
        ),
      ),
  'h2o(budget=9)': (plain, ids) => {
    const { config } = plain;
    const received = Array.from({ length: config.layers }, () =>
      Array.from({ length: config.kvHeads }, () => new Map<number, number>()),
    );
    const add = (layer: number, head: number, position: number, share: number): void => {
      const ofHead = received[layer]![kvOf(head, config)]!;
      ofHead.set(position, (ofHead.get(position) ?? 0) + share);
    };
    const held = plain.empty();
    for (let row = 0; row < prefixTokens; row++) {
      const { attention } = plain.feed(ids[row]!, row, held);
      for (const [layer, heads] of attention.entries())
        for (const [head, shares] of heads.entries())
          for (const [column, share] of shares.entries()) add(layer, head, column, share);
    }
    return (call) => {
      for (const [head, ofHead] of call.all.entries())
        for (const [position, share] of ofHead) add(call.layer, head, position, share);
      return call.held.map((entries, head) => {
        const surplus = entries.length - budget;
        const older = entries.slice(0, Math.max(surplus, entries.length - 5));
        return leastOf(older, surplus, (position) => received[call.layer]![head]!.get(position)!);
      });
    };
  },
  'decoding(keydiff,interval=2,target=9)': ({ config }) => {
    const calls = new Array<number>(config.layers).fill(0);
    return (call) => {
      calls[call.layer]!++;
      if (calls[call.layer]! < 2 && call.tokens < budget) return call.held.map(() => []);
      calls[call.layer] = 0;
      return call.held.map((entries) => mostAlike(entries, entries.length - budget));
    };
  },
  'decoding(keydiff,interval=1,ratio=0.4)': () => (call) =>
    call.held.map((entries) => mostAlike(entries, entries.length - Math.trunc(call.soFar * 0.6))),
};

/** CaM draws numbers: its own choices, on attention, keys and values of the plain conversation. */
const merging = 'cam(keydiff,interval=2,target=9,window=3)';

interface Conversation {
  readonly logits: Float64Array[]; // after each call
  readonly lengths: number[]; // after each call, of the first compressed layer's first head
}

/** Calls the model, and lets `drop` take from each compressed layer what it names. `next` sees the logits so far. */
function converse(
  plain: PlainDecoder,
  start: Held,
  first: readonly number[],
  next: (logits: Float64Array[]) => number | undefined,
  drop: (call: Call) => number[][],
): Conversation {
  const { config } = plain;
  const held = start.map((heads) => heads.map((entries) => [...entries]));
  const shrinking = compressedLayers(config.attention.map(({ window }) => window));
  let soFar = prefixTokens;
  const conversation: Conversation = { logits: [], lengths: [] };
  for (let ids: readonly number[] = first; ;) {
    const results: { fed: Fed; positions: number[][][] }[] = ids.map((id) => {
      const fed = plain.feed(id, soFar++, held);
      return { fed, positions: held.map((heads) => heads.map((entries) => entries.map(({ position }) => position))) };
    });
    conversation.logits.push(results.at(-1)!.fed.logits);
    for (const layer of shrinking) {
      const paid = (some: typeof results): Map<number, number>[] =>
        Array.from({ length: config.queryHeads }, (_, head) => {
          const shares = new Map<number, number>();
          for (const { fed, positions } of some)
            for (const [i, share] of fed.attention[layer]![head]!.entries()) {
              const position = positions[layer]![kvOf(head, config)]![i]!;
              shares.set(position, (shares.get(position) ?? 0) + share);
            }
          return shares;
        });
      const call = {
        layer,
        tokens: ids.length,
        soFar,
        held: held[layer]!,
        last: paid(results.slice(-1)),
        all: paid(results),
      };
      for (const [head, gone] of drop(call).entries())
        held[layer]![head] = held[layer]![head]!.filter(({ position }) => !gone.includes(position));
    }
    conversation.lengths.push(held[shrinking[0]!]![0]!.length);
    const id = next(conversation.logits);
    if (id === undefined) return conversation;
    ids = [id];
  }
}

/** Applies the product's own policy to a plain conversation. */
function byPolicy(expression: string, { config }: PlainDecoder, kept: KeptSet): Drops {
  const states = new Map<number, DecodeState>();
  const policy = parseDecode(expression);
  const layers = compressedLayers(config.attention.map(({ window }) => window));
  return ({ layer, tokens, soFar, held, last }) => {
    const state =
      states.get(layer) ??
      policy.start({
        ...config,
        layer: layers.indexOf(layer),
        layers: layers.length,
        tokens: prefixTokens,
        present: held.map((_, head) => kept.positions(layer, head)),
      });
    states.set(layer, state);
    const attention = Float32Array.from(
      last.flatMap((ofHead) => Array.from({ length: soFar }, (_, position) => ofHead.get(position) ?? 0)),
    );
    const find = (head: number, position: number): number =>
      held[head]!.findIndex((entry) => entry.position === position);
    const { dropped, merges = [] } = state.step({
      tokens,
      attention,
      entries: (head, some) => {
        const of = (name: 'key' | 'value'): Float32Array =>
          Float32Array.from(
            Array.from(some).flatMap((position) => Array.from(held[head]![find(head, position)]![name])),
          );
        return { keys: of('key'), values: of('value') };
      },
    });
    for (const { head, from, into, share } of merges) {
      const { value: source } = held[head]![find(head, from)]!;
      for (const position of into) {
        const at = find(head, position);
        const entry = held[head]![at]!;
        held[head]![at] = { ...entry, value: Array.from(entry.value, (value, i) => value + share * source[i]!) };
      }
    }
    return dropped.map((positions) => [...positions]);
  };
}

const argmax = (logits: Float64Array): number =>
  logits.reduce((best, logit, id) => (logit > logits[best]! ? id : best), 0);
const gap = (logits: Float64Array): number => {
  const [first, second] = [...logits].sort((a, b) => b - a);
  return first! - second!;
};
const logSoftmax = (logits: Float64Array): Float64Array => {
  const highest = Math.max(...logits);
  const total = highest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0));
  return logits.map((logit) => logit - total);
};

const folders = readdirSync(committedFixture('architectures'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe('eviction while generating', () => {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-evicting-'));
  after(() => rmSync(scratch, { recursive: true, force: true }));

  for (const name of folders) {
    test(name, async (t) => {
      const folder = committedFixture('architectures', name);
      const decoder = await openTestFolder(scratch, folder, 'config.json');
      const { config } = decoder;
      const ids = Int32Array.from(readJson<{ input_ids: number[] }>(path.join(folder, 'reference.json')).input_ids);
      const source = openSafetensors(folder);
      const plain = new PlainDecoder(source, config, longRopeStart(config) !== null);
      source.close();
      const exact = await prefill(decoder, ids.slice(0, prefixTokens), ['all'], neverPause);
      const suffixes = [ids.slice(prefixTokens, prefixTokens + 4), ids.slice(prefixTokens + 2, prefixTokens + 6)];
      const target = ids.slice(prefixTokens + 4, prefixTokens + 9);
      const caches = [
        KeptSet.full(config.layers, config.kvHeads, prefixTokens),
        compress(exact.observations, parsePolicy('adakv(knorm)'), 0.4).kept,
        compress(exact.observations, parsePolicy('streaming-llm(sinks=1)'), 0.3).kept,
      ];
      for (const expression of [...Object.keys(simulations), merging]) {
        await t.test(expression, async () => {
          // CaM drops the same places in all heads.
          const kepts = expression === merging ? [caches[0]!, caches[2]!] : caches;
          const rows = kepts.flatMap((kept) =>
            suffixes.map((suffix) => ({
              kept,
              hidden: hiddenEntries({ kind: 'variant', variant: 0 }, { ...config, seqLen: prefixTokens }, () => kept),
              suffix,
              target,
              maxTokens: 8,
            })),
          );
          const evicting = evictingOf(expression, exact);
          const answers = await answerEvicting(new Comparer(decoder, exact), rows, evicting, new Set(), neverPause);
          for (const [i, { kept, suffix, maxTokens }] of rows.entries()) {
            const start = gathered(exact.keyValues, config, (layer, head) => kept.positions(layer, head));
            const drops = (): Drops => simulations[expression]?.(plain, ids) ?? byPolicy(expression, plain, kept);
            const forcing = (logits: Float64Array[]): number | undefined => target.at(logits.length - 1);
            const forced = converse(
              plain,
              start,
              [...suffix],
              (logits) => (logits.length < target.length ? forcing(logits) : undefined),
              drops(),
            );
            const whole = gathered(exact.keyValues, config, () => Array(prefixTokens).keys());
            const full = converse(
              plain,
              whole,
              [...suffix],
              (logits) => (logits.length < target.length ? forcing(logits) : undefined),
              ({ held }) => held.map(() => []),
            );
            const { comparison, continuation } = answers[i]!;
            for (const [token, id] of target.entries()) {
              const [p, q] = [logSoftmax(full.logits[token]!), logSoftmax(forced.logits[token]!)];
              const kl = p.reduce((sum, log, v) => sum + Math.exp(log) * (log - q[v]!), 0);
              const where = `row ${i}, token ${token}`;
              assert.ok(
                Math.abs(comparison.logProbs[token]! - q[id]!) < 2e-4,
                `${where}: ${comparison.logProbs[token]!} is not ${q[id]!}`,
              );
              assert.ok(
                Math.abs(comparison.kl[token]! - kl) < 2e-4,
                `${where}: KL ${comparison.kl[token]!} is not ${kl}`,
              );
            }
            const own = converse(
              plain,
              start,
              [...suffix],
              (logits) => (logits.length < maxTokens ? argmax(logits.at(-1)!) : undefined),
              drops(),
            );
            for (const [token, logits] of own.logits.entries()) {
              // Beyond a near tie, or where the engine cut a loop, there is nothing to compare.
              if (gap(logits) < 1e-3 || token >= continuation.ids.length) break;
              assert.equal(continuation.ids[token], argmax(logits), `row ${i}, answer ${token}`);
            }
            assert.ok(Math.max(...forced.lengths) <= 16 && Math.min(...forced.lengths) >= 9 - 1);
          }
        });
      }
      await t.test('with room for everything an answer is what it is without eviction', async () => {
        await assertUnchanged(decoder, exact, suffixes[0]!);
      });
      await decoder.session.release();
    });
  }
});

const evictingOf = (expression: string, exact: Prefill): Evicting => ({
  policy: parseDecode(expression),
  prefixAttention: (layer) => exact.observations[layer]!.columnSums('all'),
});

async function assertUnchanged(decoder: Decoder, exact: Prefill, suffix: Int32Array): Promise<void> {
  const { config } = decoder;
  const hidden = hiddenEntries({ kind: 'none' }, { ...config, seqLen: prefixTokens }, () => assert.fail());
  const rows = [{ hidden, suffix, maxTokens: 8 }];
  const never = parseDecode('window(budget=100)');
  const plain = await generateEvicting(
    decoder,
    exact,
    rows,
    { policy: never, prefixAttention: () => assert.fail() },
    new Set(),
    neverPause,
  );
  for (const expression of ['h2o(budget=100)', 'tova(budget=200%)', 'decoding(knorm)', 'cam(knorm)']) {
    const evicting = evictingOf(expression, exact);
    const [evicted] = await generateEvicting(decoder, exact, rows, evicting, new Set(), neverPause);
    assert.deepEqual([...evicted!.ids], [...plain[0]!.ids], expression);
  }
}
