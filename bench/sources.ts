// Time to find prompts without a model: `npm run bench:sources [FOLDER]`. Without FOLDER, the public prompt files beside the
// repository if they are there, else examples/. Reports processor time: wall time says more about what else runs.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { segmentPrompt } from '../src/analyzer/segmentPrompt.ts';
import { findPrompts } from '../src/analyzer/sources/findPrompts.ts';
import { defaultExtraction } from '../src/analyzer/sources/promptSource.ts';

const repetitions = 5;
const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const shared = path.resolve(repository, '../shared/data/prompts');
const folder = path.resolve(process.argv[2] ?? (existsSync(shared) ? shared : path.join(repository, 'examples')));

const signal = new AbortController().signal;
const find = () => findPrompts([folder], folder, signal, { contextOf: () => ({ options: defaultExtraction }) });

async function processorMs(work: () => unknown): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

const inputs = await find();
const files = new Set(inputs.map(({ prompt }) => prompt.uri)).size;
let finding = Infinity;
let segmenting = Infinity;
for (let i = 0; i < repetitions; i++) {
  finding = Math.min(finding, await processorMs(find));
  segmenting = Math.min(segmenting, await processorMs(() => inputs.map(({ prompt }) => segmentPrompt(prompt))));
}
const instructions = inputs.reduce((sum, { prompt }) => sum + segmentPrompt(prompt).instructions.length, 0);
const perThousand = (ms: number): string => `${Math.round((1000 * ms) / files)} ms per 1,000 files`;
console.log(
  `${folder}: ${files} files, ${inputs.length} prompts, ${(instructions / files).toFixed(1)} instructions per file`,
);
console.log(`finding: ${perThousand(finding)}; segmentation: ${perThousand(segmenting)}; best of ${repetitions}`);
