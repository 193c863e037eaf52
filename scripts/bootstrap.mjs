// Gets a fresh clone ready to run: packages and build. Plain Node without dependencies, because none are installed yet.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/**
 * How a program is run and what comes back: `output` is both streams as they came.
 * @typedef {{ directory?: string, env?: Record<string, string> }} RunOptions
 * @typedef {{ exitCode: number, output: string, stdout: string }} RunResult
 * @typedef {(command: string, args: string[], options: RunOptions) => Promise<RunResult>} Run
 */

/** An expected failure: told without a stack, with what to do next. */
export class SetupError extends Error {
  constructor(message, hint, exitCode = 1) {
    super(message);
    this.name = 'SetupError';
    this.hint = hint;
    this.exitCode = exitCode;
  }
}

/** node_modules holds every platform's runtime binaries: 405 MB measured, and npm unpacks beside what it downloads. */
const PACKAGES_BYTES = 700e6;
/** Where a stamp of the installed lock file lies, inside the folder that `npm ci` deletes first. */
const STAMP = '.holdfast-lock';
/** Part of the stamp: packages with binaries differ, and a folder may be shared with a container. */
const PLATFORM = `${process.platform}-${process.arch}`;
/** What is compiled into dist/; a change of any of it makes the build old. */
const BUILD_INPUTS = ['src', 'webview', 'esbuild.mjs', 'package-lock.json'];

const log = (line) => process.stderr.write(`[holdfast] ${line}\n`);

/** Runs `main` and sets the exit code: its result, or 1 with a message for expected failures. Bugs keep their stack. */
export async function runScript(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    log(`Failed: ${error.message}`);
    if (error.hint) log(error.hint);
    process.exitCode = error.exitCode;
  }
}

/** Throws when this Node is older than `minimum`, such as `20` or `20.19`. */
export function ensureNode(minimum, version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor = 0] = minimum.split('.').map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new SetupError(
    `Node ${minimum} or newer is needed, this is ${version}.`,
    'Install a current release from https://nodejs.org and run the command again.',
  );
}

/**
 * Installs the packages of the lock file unless exactly those are installed.
 * @param {{ directory?: string, run?: Run, freeBytes?: (directory: string) => number | undefined }} options
 */
export async function ensurePackages({ directory = root, run = runQuietly, freeBytes = freeDiskBytes } = {}) {
  if (packagesAreCurrent(directory)) return;
  const free = freeBytes(directory);
  if (free !== undefined && free < PACKAGES_BYTES)
    throw new SetupError(
      `installing the packages needs ${megabytes(PACKAGES_BYTES)} of disk space, ${megabytes(free)} are free in ${directory}.`,
      'Free disk space and run the command again.',
    );
  log('Installing packages (npm ci); the first time this takes a minute or two ...');
  // Not everyone's npm obeys the ignore-scripts of .npmrc; this keeps onnxruntime-node from fetching CUDA libraries.
  const env = { ONNXRUNTIME_NODE_INSTALL: 'skip', ONNXRUNTIME_NODE_INSTALL_CUDA: 'skip' };
  const { exitCode, output } = await run(...npmCommand(['ci', '--no-audit', '--no-fund', '--loglevel=error']), {
    directory,
    env,
  });
  if (exitCode !== 0) throw npmError(output);
  writeStamp(directory);
}

/**
 * True when node_modules is what the lock file says: by the stamp of the last installation here, or, where somebody ran
 * npm themselves, by npm's own record being newer than the lock file.
 */
export function packagesAreCurrent(directory = root) {
  const modules = path.join(directory, 'node_modules');
  const stamp = readText(path.join(modules, STAMP));
  if (stamp === stampText(directory)) return true;
  if (stamp !== undefined && !stamp.endsWith(PLATFORM)) return false;
  const record = modifiedMs(path.join(modules, '.package-lock.json'));
  const lock = modifiedMs(path.join(directory, 'package-lock.json'));
  if (record === undefined || lock === undefined || record < lock) return false;
  writeStamp(directory);
  return true;
}

/**
 * Bundles the sources into dist/ unless that is newer than all of them.
 * @param {{ directory?: string, run?: Run }} options
 */
export async function ensureBuild({ directory = root, run = runQuietly } = {}) {
  if (buildIsCurrent(directory)) return;
  log('Building (node esbuild.mjs) ...');
  const { exitCode, output } = await run(process.execPath, ['esbuild.mjs'], { directory, env: {} });
  if (exitCode !== 0) throw new SetupError('the build did not succeed.', output.trim());
}

/** True when everything in dist/ is newer than everything it is made from. */
export function buildIsCurrent(directory = root) {
  const outputs = filesBelow(path.join(directory, 'dist')).filter((file) => /\.c?js$/u.test(file));
  if (!outputs.includes(path.join(directory, 'dist', 'cli.cjs'))) return false;
  const oldestOutput = Math.min(...outputs.map(modifiedMs));
  const inputs = BUILD_INPUTS.flatMap((name) => filesBelow(path.join(directory, name)));
  return inputs.every((file) => modifiedMs(file) <= oldestOutput);
}

/** Runs a program with the terminal as its own and gives its exit code; Ctrl-C reaches it and is waited for. */
export async function runVisibly(command, args, { env = {}, directory = root } = {}) {
  const ignore = () => undefined; // the terminal sends Ctrl-C to the program too, which ends in its own way
  process.on('SIGINT', ignore);
  try {
    return await new Promise((resolve, reject) => {
      const child = spawn(command, args, {
        cwd: directory,
        env: { ...process.env, ...env },
        stdio: 'inherit',
        shell: isBatchFile(command),
      });
      child.on('error', reject);
      child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
    });
  } finally {
    process.off('SIGINT', ignore);
  }
}

/**
 * Runs a program and keeps what it prints.
 * @type {Run}
 */
export async function runQuietly(command, args, { directory = root, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: directory,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: isBatchFile(command),
    });
    let output = '';
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) =>
      error.code === 'ENOENT' ? resolve({ exitCode: 127, output: `${command}: not found`, stdout }) : reject(error),
    );
    child.on('close', (code, signal) => resolve({ exitCode: code ?? (signal === 'SIGINT' ? 130 : 1), output, stdout }));
  });
}

/** Windows runs batch files, such as npm, through a shell only. */
const isBatchFile = (command) => command.endsWith('.cmd');

/** npm as a command line: the one that started us, which need not be on the path. */
export function npmCommand(args) {
  const started = process.env.npm_execpath;
  if (started !== undefined && /npm-cli\.c?js$/u.test(started)) return [process.execPath, [started, ...args]];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm', args];
}

function npmError(output) {
  const has = (pattern) => pattern.test(output);
  if (has(/npm(\.cmd)?: not found|not recognized as an internal/u))
    return new SetupError('npm is not installed.', 'It comes with Node: install Node from https://nodejs.org.');
  if (has(/ENOSPC|no space left/iu))
    return new SetupError('installing the packages filled the disk.', 'Free disk space and run the command again.');
  if (has(/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|network/iu))
    return new SetupError(
      `the package registry cannot be reached (${/E[A-Z_]{4,}/u.exec(output)?.[0] ?? 'network error'}).`,
      'Check the network, and "npm config get registry" and "npm config get proxy", and run the command again.',
    );
  if (has(/EACCES|EPERM|EROFS/u))
    return new SetupError(
      'the packages cannot be written.',
      `Check the permissions of ${path.join(root, 'node_modules')}.`,
    );
  return new SetupError('npm ci did not succeed.', output.trim().split('\n').slice(-8).join('\n'));
}

function writeStamp(directory) {
  try {
    fs.writeFileSync(path.join(directory, 'node_modules', STAMP), stampText(directory));
  } catch {
    // A read-only checkout works all the same; it is only compared by time.
  }
}

function stampText(directory) {
  const lock = readText(path.join(directory, 'package-lock.json')) ?? '';
  return `${createHash('sha256').update(lock).digest('hex')} ${PLATFORM}`;
}

function readText(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function modifiedMs(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

/** The file itself, or every file below the folder; none when it is absent. */
export function filesBelow(file) {
  const stats = fs.statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  if (!stats.isDirectory()) return [file];
  return fs
    .readdirSync(file)
    .sort()
    .flatMap((name) => filesBelow(path.join(file, name)));
}

function freeDiskBytes(directory) {
  try {
    const { bavail, bsize } = fs.statfsSync(directory);
    return bavail * bsize;
  } catch {
    return undefined; // a file system that does not tell
  }
}

const megabytes = (bytes) => `${Math.ceil(bytes / 1e6)} MB`;
