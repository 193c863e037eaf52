/** `npm run test:electron`: the suite of test/host in a downloaded VS Code, for machines with a display and its download. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTests } from '@vscode/test-electron';
import { buildSuite, findModel, prepareWorkspace, printResults } from './runner.mjs';

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-electron-'));
const result = path.join(scratch, 'result.json');
const model = await findModel();
const { workspace, settings } = prepareWorkspace(scratch, model);
const user = path.join(scratch, 'user');
mkdirSync(path.join(user, 'User'), { recursive: true });
writeFileSync(path.join(user, 'User/settings.json'), JSON.stringify(settings, null, 2));
try {
  await runTests({
    extensionDevelopmentPath: repository,
    extensionTestsPath: await buildSuite(),
    extensionTestsEnv: {
      HOLDFAST_HOME: path.join(scratch, 'home'),
      HOLDFAST_HOST_RESULT: result,
      HOLDFAST_HOST_MODEL: model,
    },
    launchArgs: [
      workspace,
      '--user-data-dir',
      user,
      '--extensions-dir',
      path.join(scratch, 'extensions'),
      '--disable-workspace-trust',
    ],
  });
} catch (error) {
  process.stderr.write(`VS Code ended with an error: ${error instanceof Error ? error.message : String(error)}\n`);
}
process.exitCode = printResults(result) ? 0 : 1;
rmSync(scratch, { recursive: true, force: true });
