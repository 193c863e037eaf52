// `npm run agreement [all]`: how well segmentation agrees with the labelled prompts, by form, as test/labelled/README.md has
// it. `all` also lists every disagreement of the development part.
import { runScript, runVisibly } from './bootstrap.mjs';

await runScript(() => {
  const env = { HOLDFAST_AGREEMENT: process.argv[2] ?? '1' };
  const test = 'test/labelled/agreement.test.ts';
  return runVisibly(process.execPath, ['--import', 'tsx', '--test', '--test-reporter=spec', test], { env });
});
