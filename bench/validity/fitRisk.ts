// Fits the risk score: `npm run fit:risk -- DIR...` reads what `npm run bench:validity` measured in these folders, and writes
// src/analyzer/evidence/riskCoefficients.ts and the plot of docs/evidence.md. Prints the tables of the sets, each with the other sets in the cross-validation.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { riskCoefficients } from '../../src/analyzer/evidence/riskCoefficients.ts';
import { auditSettings } from '../../src/analyzer/settings.ts';
import { describeError } from '../../src/cli/reportError.ts';
import { HoldfastError } from '../../src/errors.ts';
import { calibrationPlot } from './calibrationPlot.ts';
import { crossValidated, fitRisk } from './fit.ts';
import { fittedSignals } from './fittedSignals.ts';
import { pairsOf } from './pairs.ts';
import { rowRecord, type RowRecord } from './records.ts';
import { markdown, validityTable } from './table.ts';

const plotFile = fileURLToPath(new URL('../../docs/images/risk-calibration.svg', import.meta.url));
const coefficientsFile = fileURLToPath(new URL('../../src/analyzer/evidence/riskCoefficients.ts', import.meta.url));

/** The records of one folder; prompts of different folders get different names. */
function recordsIn(folder: string): RowRecord[] {
  const files = readdirSync(folder).filter((name) => /^state-.*\.jsonl$/u.test(name));
  if (files.length === 0) {
    throw new HoldfastError('file-unreadable', `${folder} holds no state.`, 'Run "npm run bench:validity" first.');
  }
  return files.flatMap((name) => {
    const [, ...lines] = readFileSync(path.join(folder, name), 'utf8').trim().split('\n');
    return lines.map((line) => {
      const record = rowRecord.parse(JSON.parse(line));
      return { ...record, unit: `${path.basename(folder)}/${record.unit}` };
    });
  });
}

function main(folders: readonly string[]): void {
  if (folders.length === 0) {
    throw new HoldfastError(
      'invalid-settings',
      'No folder is named.',
      'npm run fit:risk -- DIR... of "npm run bench:validity"',
    );
  }
  const { influenceFloor, seed } = auditSettings.parse({});
  const sets = folders.map((folder) => ({ folder, ...pairsOf(recordsIn(folder), influenceFloor) }));
  const all = sets.flatMap(({ pairs }) => pairs);
  const { intercept, weights } = fitRisk(all, fittedSignals);
  const rounded = (value: number): number => Number(value.toFixed(3));
  const prompts = new Set(all.map(({ prompt }) => prompt)).size;
  writeFileSync(
    coefficientsFile,
    `// Written by "npm run fit:risk" from ${all.length} pairs of ${prompts} prompts: do not edit.
import type { RiskCoefficients } from './risk.ts';

export const riskCoefficients: RiskCoefficients = {
  intercept: ${rounded(intercept)},
  weights: {
${Object.entries(weights)
  .map(([name, weight]) => `    ${name}: ${rounded(weight)},`)
  .join('\n')}
  },
};
`,
  );
  writeFileSync(plotFile, calibrationPlot(crossValidated(all, fittedSignals)));
  console.log(`Before: ${JSON.stringify(riskCoefficients)}\nWrote ${coefficientsFile} and ${plotFile}\n`);
  console.log(
    markdown(
      sets.map(({ folder, pairs, coverage }) => validityTable(path.basename(folder), pairs, coverage, all, seed)),
    ),
  );
}

try {
  main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(describeError(error));
  process.exitCode = 1;
}
