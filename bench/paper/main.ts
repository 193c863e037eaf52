// The experiments of "The Pitfalls of KV Cache Compression" (arXiv 2510.00231) and the line retrieval of "No Token Left Behind"
// (arXiv 2402.18096) on any file in S-IFEval's format: `npm run bench:paper -- FILE.jsonl`. docs/paper.md says how it is used.
import path from 'node:path';
import { describeError } from '../../src/cli/reportError.ts';
import { AtomicFile } from '../../src/cli/atomicFile.ts';
import { loadModel, type LoadedModel } from '../../src/runtime/engine/loadModel.ts';
import { holdfastHome } from '../../src/runtime/models/index.ts';
import { version } from '../../src/version.ts';
import { benchModel } from '../support.ts';
import { readFlags, usage, type PaperFlags } from './flags.ts';
import { markdownRows } from './findings.ts';
import { readIfevalFile, sampleOf, type IfevalFile } from '../ifevalRows.ts';
import { measurePrompt } from './measurePrompt.ts';
import { measureRetrieval } from './measureRetrieval.ts';
import { paperHtml } from './paperHtml.ts';
import { forms } from './paperPrompt.ts';
import { record, type PaperRecord } from './records.ts';
import { resultsOf } from './results.ts';
import { openState, type State } from '../state.ts';

const pause = (): Promise<void> => Promise.resolve();
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Something to measure, and the name under which the state knows it. */
interface Unit {
  readonly unit: string;
  readonly measure: (model: LoadedModel) => Promise<Omit<PaperRecord, 'unit' | 'seconds'>>;
}

/** What this shard has to do, in an order in which an unfinished run has some of everything. */
function unitsOf(flags: PaperFlags, { rows }: IfevalFile): Unit[] {
  const { grid, seed, shard, lines } = flags;
  const limits = { task: flags.answerTokens, leak: flags.leakTokens };
  const isMine = (_: unknown, index: number): boolean => index % shard.count === shard.index - 1;
  const sample = sampleOf(rows, flags.rows ?? rows.length, seed).filter(isMine);
  const prompts = sample.flatMap((row) =>
    forms
      .filter((form) => flags.parts.includes(form === 'undefended' ? 'directives' : 'leaks'))
      .map((form): Unit => ({
        unit: `${form}/${String(row.line).padStart(6, '0')}`,
        measure: ({ simulator }) => measurePrompt(simulator, row, form, grid, limits, pause),
      })),
  );
  const retrievals = flags.parts.includes('retrieval') ? Array.from({ length: flags.samples }, (_, i) => i) : [];
  const { policies } = grid;
  return [
    ...prompts,
    ...retrievals.filter(isMine).map((index): Unit => ({
      unit: `retrieval/${String(index).padStart(6, '0')}`,
      measure: ({ simulator, info }) => measureRetrieval(simulator, info, index, { lines, seed, policies }, pause),
    })),
  ];
}

async function measureAll(units: readonly Unit[], state: State<PaperRecord>, model: LoadedModel): Promise<void> {
  for (const [done, { unit, measure }] of units.entries()) {
    const start = performance.now();
    const measured = await measure(model);
    const seconds = Math.round(performance.now() - start) / 1000;
    state.append({ ...measured, unit, seconds } as PaperRecord);
    say(`${done + 1} of ${units.length}: ${unit}, ${seconds.toFixed(1)} s`);
  }
}

async function main(args: readonly string[]): Promise<void> {
  const flags = readFlags(args);
  if (flags === null) {
    console.log(usage);
    return;
  }
  const file = readIfevalFile(flags.file);
  for (const note of file.notes) say(note);
  const resolved = await benchModel();
  const { grid, answerTokens, leakTokens, lines, seed } = flags;
  const identity = {
    holdfast: version,
    data: file.sha256,
    model: resolved.sha256,
    ...grid,
    answerTokens,
    leakTokens,
    lines,
    seed,
  };
  const { shard } = flags;
  const state = openState(path.resolve(flags.output), `${shard.index}-of-${shard.count}`, identity, record, say);
  try {
    const left = unitsOf(flags, file).filter(({ unit }) => !state.has(unit));
    if (left.length > 0) {
      const model = await loadModel({
        id: resolved.id,
        path: resolved.path,
        sha256: resolved.sha256,
        graphsFolder: holdfastHome().graphs,
        device: 'cpu',
        precision: 'auto',
        memoryLimit: '60%',
      });
      try {
        await measureAll(left, state, model);
      } finally {
        await model.close();
      }
    }
  } finally {
    state.close();
  }
  const run = {
    holdfast: version,
    model: { id: resolved.id, sha256: resolved.sha256 },
    data: { file: path.basename(flags.file), sha256: file.sha256, rows: file.rows.length },
    grid,
    answerTokens,
    leakTokens,
    lines,
    seed,
  };
  const results = resultsOf(state.records(), file, run);
  await replaceFile(path.join(flags.output, 'paper.json'), `${JSON.stringify(results, null, 1)}\n`);
  await replaceFile(path.join(flags.output, 'paper.html'), paperHtml(results));
  console.log('| | Statement | Here | Figures |\n|---|---|---|---|');
  for (const row of markdownRows(results.findings)) console.log(row);
}

async function replaceFile(file: string, text: string): Promise<void> {
  await (await AtomicFile.open(file, process.cwd())).commit(text);
  say(`wrote ${file}`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(describeError(error));
  process.exitCode = 1;
}
