// `npm test`: everything that needs no browser, from a fresh clone. `--only PHASE` runs one of check, unit, parity, model.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import {
  ensureBuild,
  ensureNode,
  ensurePackages,
  filesBelow,
  npmCommand,
  root,
  runScript,
  runVisibly,
  SetupError,
} from './bootstrap.mjs';
import { modelPath } from './testModel.mjs';

/** Folders of test/ that are not unit tests: the last two need a VS Code server and a Vulkan driver, which `npm test` does not install. */
const APART = ['parity', 'model', 'host', 'webgpu'];
/** A test that takes the model from here loads it, so it belongs to the phase "model" wherever it lies. */
const MODEL_SUPPORT = 'support/model.ts';
/** Each test file is a process; more than a few only push each other out of memory. */
const UNIT_CONCURRENCY = Math.min(4, os.availableParallelism());

const FOLDERS = {
  unit: (folder, loadsModel) => !APART.includes(folder) && !loadsModel,
  parity: (folder) => folder === 'parity',
  model: (folder, loadsModel) => folder === 'model' || (loadsModel && !APART.includes(folder)),
};

/** In the order in which they run. */
const phases = {
  check: async () => runVisibly(...npmCommand(['run', '--silent', 'check'])),
  unit: async () => runTests(testFiles(FOLDERS.unit), UNIT_CONCURRENCY),
  // One at a time: the model alone uses every core.
  parity: async (env) => runTests(testFiles(FOLDERS.parity), 1, env),
  model: async (env) => runTests(testFiles(FOLDERS.model), 1, env),
};
const NEED_MODEL = ['parity', 'model'];

await runScript(async () => {
  ensureNode('20.19'); // what ESLint needs
  const only = readOnly();
  const names = only === undefined ? Object.keys(phases) : [only];
  const unknown = names.find((name) => !Object.hasOwn(phases, name));
  if (unknown !== undefined)
    throw new SetupError(`there is no test phase "${unknown}".`, `Phases: ${Object.keys(phases).join(', ')}.`);

  await ensurePackages();
  await ensureBuild();
  const env = names.some((name) => NEED_MODEL.includes(name)) ? { HOLDFAST_MODEL: await modelPath() } : {};
  for (const name of names) {
    process.stderr.write(`[holdfast] Phase ${name}\n`);
    const exitCode = await phases[name](env);
    if (exitCode !== 0)
      throw new SetupError(`phase ${name}.`, `Again, alone: node scripts/test.mjs --only ${name}`, exitCode);
  }
  return 0;
});

function readOnly() {
  try {
    return parseArgs({ options: { only: { type: 'string' } } }).values.only;
  } catch (error) {
    throw new SetupError(error.message, 'Usage: node scripts/test.mjs [--only check|unit|parity|model]');
  }
}

/** Test files below test/ that are wanted by their first folder and by whether they load the model. */
function testFiles(wanted) {
  const tests = path.join(root, 'test');
  return filesBelow(tests)
    .filter((file) => file.endsWith('.test.ts'))
    .filter((file) => {
      const [folder] = path.relative(tests, file).split(path.sep);
      return wanted(folder, fs.readFileSync(file, 'utf8').includes(MODEL_SUPPORT));
    });
}

/** Runs them with Node's own runner, whose summary is the last thing printed. */
async function runTests(files, concurrency, env = {}) {
  if (files.length === 0) throw new SetupError('there are no test files in this phase.');
  const flags = ['--import', 'tsx', '--test', '--test-reporter=spec', `--test-concurrency=${concurrency}`];
  return runVisibly(process.execPath, [...flags, ...files.map((file) => path.relative(root, file))], { env });
}
