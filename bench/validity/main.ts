// Does the evidence predict behavior? `npm run bench:validity -- FILE.jsonl` measures every row of a file in S-IFEval's format as
// an audit with evidence of behavior does, and says how well each cheap number, and the risk score made of them, tells the
// instructions whose effect compression takes. docs/evidence.md holds one run of it.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { auditSettings, type AuditSettings } from '../../src/analyzer/settings.ts';
import { AtomicFile } from '../../src/cli/atomicFile.ts';
import { describeError } from '../../src/cli/reportError.ts';
import { HoldfastError } from '../../src/errors.ts';
import { Engine } from '../../src/runtime/engine/client.ts';
import type { LanguageModel } from '../../src/runtime/languageModel.ts';
import { holdfastHome } from '../../src/runtime/models/index.ts';
import { version } from '../../src/version.ts';
import { readIfevalFile, sampleOf, type IfevalRow } from '../ifevalRows.ts';
import { openState, type State } from '../state.ts';
import { benchModel } from '../support.ts';
import { measureRow } from './measureRow.ts';
import { pairsOf } from './pairs.ts';
import { rowRecord, type RowRecord } from './records.ts';
import { markdown, validityTable } from './table.ts';

const usage = `npm run bench:validity -- FILE.jsonl [flags]

FILE.jsonl is in S-IFEval's format; "instruction_texts" may name the words that ask for each check. Flags, with their defaults:
  --output DIR   .holdfast/validity/NAME  state and validity.json
  --rows N       all rows                 N rows of a seeded sample; a larger N goes on from a smaller one
  --ratios LIST  0.5,0.75
  --samples N    16                       sampled answers of the full cache and without the instruction
  --tokens N     48                       longest sampled answer
  --table                                 only makes the table of what was measured so far
HOLDFAST_MODEL names another model than the default one. Needs a build ("npm run build").
A run that is killed goes on where it was: run the same command again.`;

const say = (line: string): void => void process.stderr.write(`${line}\n`);
/** Samples of compressed caches: on average this many per cache, more where the outcome is open. */
const samplesPerCache = 12;

function readFlags(args: readonly string[]) {
  const { values, positionals } = parsed(args);
  if (values.help) return null;
  const [file, ...more] = positionals;
  const wrong = (message: string): HoldfastError => new HoldfastError('invalid-settings', message, usage);
  if (file === undefined || more.length > 0) throw wrong('One file has to be named.');
  const rows = values.rows === undefined ? null : Number(values.rows);
  if (rows !== null && !(Number.isInteger(rows) && rows > 0))
    throw wrong(`--rows "${values.rows}": expected a number from 1.`);
  const ratios = values.ratios.split(',').map(Number);
  const settings = auditSettings.safeParse({
    ratios,
    samples: Number(values.samples),
    maxResponseTokens: Number(values.tokens),
    evidence: 'behavior',
    // Every instruction is measured; the floor is applied to what is found.
    influenceFloor: 0,
  });
  if (!settings.success)
    throw wrong(settings.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  const sampleBudget = samplesPerCache * settings.data.policies.length * ratios.length;
  return {
    file,
    rows,
    isTableOnly: values.table,
    output: values.output ?? path.join('.holdfast/validity', path.basename(file, '.jsonl')),
    settings: { ...settings.data, sampleBudget } satisfies AuditSettings,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        output: { type: 'string' },
        rows: { type: 'string' },
        ratios: { type: 'string', default: '0.5,0.75' },
        samples: { type: 'string', default: '16' },
        tokens: { type: 'string', default: '48' },
        table: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new HoldfastError('invalid-settings', error instanceof Error ? error.message : String(error), usage);
  }
}

async function measureAll(
  rows: readonly IfevalRow[],
  state: State<RowRecord>,
  model: LanguageModel,
  settings: AuditSettings,
): Promise<void> {
  for (const [done, row] of rows.entries()) {
    if (state.has(String(row.line))) continue;
    const start = performance.now();
    const measured = await measureRow(model, row, settings);
    state.append(measured);
    const checks = measured.checks.map(
      ({ id, full, deleted }) =>
        `${id} ${full?.passed ?? '-'}/${full?.samples ?? '-'}${deleted === null ? '' : `, without it ${deleted.passed}/${deleted.samples}`}`,
    );
    say(`${done + 1} of ${rows.length}: ${((performance.now() - start) / 1000).toFixed(1)} s: ${checks.join('; ')}`);
  }
}

async function main(args: readonly string[]): Promise<void> {
  const flags = readFlags(args);
  if (flags === null) {
    console.log(usage);
    return;
  }
  const { settings, output } = flags;
  const file = readIfevalFile(flags.file);
  for (const note of file.notes) say(note);
  const rows = flags.rows === null ? file.rows : sampleOf(file.rows, flags.rows, settings.seed);
  const resolved = await benchModel();
  const { samples, sampleBudget, maxResponseTokens, temperature, ratios, policies, seed } = settings;
  const measured = { samples, sampleBudget, maxResponseTokens, temperature, ratios, policies, seed };
  const identity = { holdfast: version, data: file.sha256, model: resolved.sha256, ...measured };
  const state = openState(path.resolve(output), '1-of-1', identity, rowRecord, say);
  const engine = new Engine({ enginePath: fileURLToPath(new URL('../../dist/engine.cjs', import.meta.url)) });
  try {
    if (!flags.isTableOnly) {
      const model = await engine.load(
        {
          id: resolved.id,
          path: resolved.path,
          sha256: resolved.sha256,
          graphsFolder: holdfastHome().graphs,
          device: 'cpu',
          precision: settings.precision,
          memoryLimit: settings.memoryLimit,
        },
        new AbortController().signal,
      );
      await measureAll(rows, state, model, settings);
    }
    const { pairs, coverage } = pairsOf(state.records(), auditSettings.parse({}).influenceFloor);
    const table = validityTable(path.basename(flags.file), pairs, coverage, pairs, seed);
    const json = await AtomicFile.open(path.join(output, 'validity.json'), process.cwd());
    await json.commit(`${JSON.stringify({ identity, table }, null, 2)}\n`);
    console.log(markdown([table]));
  } finally {
    engine.dispose();
    state.close();
  }
}

await main(process.argv.slice(2)).catch((error: unknown) => {
  say(describeError(error));
  process.exitCode = 1;
});
