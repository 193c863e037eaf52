// The model that tests load.
import path from 'node:path';
import { root, runQuietly, runVisibly, SetupError } from './bootstrap.mjs';

const cli = path.join(root, 'dist', 'cli.cjs');

/** The model that is tested: the one named by HOLDFAST_MODEL, else the default one, fetched if need be. */
export async function modelPath() {
  const named = process.env.HOLDFAST_MODEL;
  if (named !== undefined && named !== '') return path.resolve(named);
  const pulled = await runVisibly(process.execPath, [cli, 'models', 'pull']);
  if (pulled !== 0)
    throw new SetupError(
      'phase model download (see above).',
      'To test with a model that you have, set HOLDFAST_MODEL to its path; for the rest use --only check or --only unit.',
      pulled,
    );
  const { exitCode, stdout, output } = await runQuietly(process.execPath, [cli, 'models', 'path']);
  if (exitCode !== 0) throw new SetupError('the CLI does not know where the model is.', output.trim(), exitCode);
  return stdout.trim();
}
