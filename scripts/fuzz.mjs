// `npm run fuzz [COUNT]`: 10,000 mutated files per prompt format, long runs of what opens something, a tenth as many texts
// written in every notation and read back, and as many mutated prompts for segmentation.
// HOLDFAST_FUZZ_SEED chooses other mutations; the default is the day, so that every day tries new ones and can be repeated.
import { runScript, runVisibly } from './bootstrap.mjs';

await runScript(() => {
  const count = process.argv[2] ?? '10000';
  const seed = process.env.HOLDFAST_FUZZ_SEED ?? new Date().toISOString().slice(0, 10).replaceAll('-', '');
  process.stderr.write(`[holdfast] Fuzzing with HOLDFAST_FUZZ_SEED=${seed}\n`);
  const env = { HOLDFAST_FUZZ: count, HOLDFAST_FUZZ_SEED: seed };
  const tests = ['sources/fuzz', 'sources/roundTrip', 'segmentation/robustness'];
  const files = tests.map((name) => `test/analyzer/${name}.test.ts`);
  return runVisibly(process.execPath, ['--import', 'tsx', '--test', '--test-reporter=spec', ...files], { env });
});
