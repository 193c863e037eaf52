import os from 'node:os';
import path from 'node:path';

/** What decides where files live; a parameter, so that tests can stand in for another machine. */
export interface Machine {
  readonly env: Readonly<NodeJS.ProcessEnv>;
  readonly platform: NodeJS.Platform;
  readonly userHome: string;
  /** Folders with models of the user's own, beside those that the environment names. */
  readonly modelFolders?: readonly string[];
  /** Hub and mirrors to ask in turn; absent: those that the environment names, else the Hugging Face Hub. */
  readonly hubEndpoints?: readonly string[];
  /** Token for private and gated repositories; without one, that of the environment or of the Hugging Face libraries. */
  readonly hubToken?: () => Promise<string | undefined>;
}

export const thisMachine = (): Machine => ({
  env: process.env,
  platform: process.platform,
  userHome: os.homedir(),
});

/** Folders that Holdfast writes to. None exists until something is put into it. */
export interface HoldfastHome {
  readonly root: string;
  /** Downloaded model files. */
  readonly models: string;
  /** Models converted for the engine; can always be rebuilt. */
  readonly graphs: string;
  /** Finished measurements, by content. */
  readonly results: string;
  /** Which files were hashed, and what they were then. */
  readonly stamps: string;
}

/** `HOLDFAST_HOME`, else the platform's cache folder: everything in it can be fetched or built again. */
export function holdfastHome(machine: Machine = thisMachine()): HoldfastHome {
  const root = environmentPath(machine, 'HOLDFAST_HOME') ?? path.join(cacheFolder(machine), 'holdfast');
  return {
    root,
    models: path.join(root, 'models'),
    graphs: path.join(root, 'graphs'),
    results: path.join(root, 'results'),
    stamps: path.join(root, 'stamps'),
  };
}

/** The folder named by a variable, as an absolute path; `undefined` when unset or empty. */
export function environmentPath(machine: Machine, name: string): string | undefined {
  const value = machine.env[name];
  return value === undefined || value === '' ? undefined : path.resolve(expandHome(value, machine));
}

/** A leading `~` is what users type and what no shell expands inside quotes or in a settings file. */
export function expandHome(file: string, machine: Machine): string {
  return /^~(?=$|[\\/])/u.test(file) ? path.join(machine.userHome, file.slice(1)) : file;
}

function cacheFolder(machine: Machine): string {
  switch (machine.platform) {
    case 'darwin':
      return path.join(machine.userHome, 'Library', 'Caches');
    case 'win32':
      return environmentPath(machine, 'LOCALAPPDATA') ?? path.join(machine.userHome, 'AppData', 'Local');
    default:
      return environmentPath(machine, 'XDG_CACHE_HOME') ?? path.join(machine.userHome, '.cache');
  }
}
