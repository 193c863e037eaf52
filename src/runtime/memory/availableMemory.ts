import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** Memory of this machine, or of the container that we run in, in bytes. */
export interface AvailableMemory {
  /** What can be taken now without pushing anything else out. */
  readonly available: number;
  readonly total: number;
}

/** What is asked of the machine; tests bring their own. */
export interface MemoryPorts {
  readonly platform: NodeJS.Platform;
  /** Undefined when the file does not exist or cannot be read. */
  readonly readText: (file: string) => Promise<string | undefined>;
  /** Output of macOS's `vm_stat`; undefined where it does not run. */
  readonly vmStat: () => Promise<string | undefined>;
  readonly freeMemory: () => number;
  readonly totalMemory: () => number;
}

const run = promisify(execFile);
/** It answers at once; a machine that swaps so hard that it does not has nothing to give. */
const vmStatTimeoutMs = 2_000;

const thisMachine: MemoryPorts = {
  platform: process.platform,
  readText: (file) => readFile(file, 'utf8').catch(() => undefined),
  vmStat: () =>
    run('vm_stat', { timeout: vmStatTimeoutMs }).then(
      ({ stdout }) => stdout,
      () => undefined,
    ),
  freeMemory: os.freemem,
  totalMemory: os.totalmem,
};

/**
 * Memory that is available now. Linux: `MemAvailable`, and the limits of the control groups (v1 and v2) that this process
 * is in; macOS: free, inactive, speculative and purgeable pages; elsewhere what the operating system calls free.
 */
export async function availableMemory(ports: MemoryPorts = thisMachine): Promise<AvailableMemory> {
  const { platform, freeMemory, totalMemory } = ports;
  const machine: AvailableMemory = { available: freeMemory(), total: totalMemory() };
  if (platform === 'darwin') {
    const reclaimable = parseVmStat((await ports.vmStat()) ?? '');
    return reclaimable === undefined ? machine : { ...machine, available: Math.max(machine.available, reclaimable) };
  }
  if (platform !== 'linux') return machine;
  const kernel = parseMemAvailable((await ports.readText('/proc/meminfo')) ?? '');
  const limits = [{ ...machine, available: kernel ?? machine.available }, ...(await controlGroups(ports.readText))];
  return {
    available: Math.max(0, Math.min(...limits.map(({ available }) => available))),
    total: Math.min(...limits.map(({ total }) => total)),
  };
}

/** `MemAvailable` of `/proc/meminfo`: free memory and what can be reclaimed without swapping. */
export function parseMemAvailable(meminfo: string): number | undefined {
  const kilobytes = /^MemAvailable:\s+(\d+) kB/mu.exec(meminfo)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** Pages that macOS gives out before it swaps. Its "free" alone is nearly nothing on a machine that was used for a while. */
export function parseVmStat(text: string): number | undefined {
  const pageSize = /page size of (\d+) bytes/u.exec(text)?.[1];
  if (pageSize === undefined) return undefined;
  const pages = ['free', 'inactive', 'speculative', 'purgeable'].reduce(
    (sum, kind) => sum + Number(new RegExp(`^Pages ${kind}:\\s+(\\d+)`, 'mu').exec(text)?.[1] ?? 0),
    0,
  );
  return pages * Number(pageSize);
}

/** How a version of control groups names what it knows. */
interface GroupFiles {
  readonly root: string;
  readonly limit: string;
  readonly usage: string;
  readonly inactiveFile: RegExp;
}

const version1: GroupFiles = {
  root: '/sys/fs/cgroup/memory',
  limit: 'memory.limit_in_bytes',
  usage: 'memory.usage_in_bytes',
  inactiveFile: /^total_inactive_file (\d+)/mu,
};
const version2: GroupFiles = {
  root: '/sys/fs/cgroup',
  limit: 'memory.max',
  usage: 'memory.current',
  inactiveFile: /^inactive_file (\d+)/mu,
};
/** Version 1 writes "no limit" as the largest multiple of the page size. */
const unlimited = 2 ** 62;

/** What each limited group above this process leaves: every group from its own up to the root counts. */
async function controlGroups(readText: MemoryPorts['readText']): Promise<AvailableMemory[]> {
  const lines = ((await readText('/proc/self/cgroup')) ?? '').split('\n');
  const found: AvailableMemory[] = [];
  for (const line of lines) {
    const [, controllers, group] = /^\d+:([^:]*):(\/.*)$/u.exec(line) ?? [];
    if (group === undefined) continue;
    const isVersion1 = controllers!.split(',').includes('memory');
    if (!isVersion1 && controllers !== '') continue;
    // Inside a container the path may be the host's: then only the root of the mount is there, and it is our group.
    for (let at = group; ; at = path.posix.dirname(at)) {
      const leaves = await controlGroup(readText, isVersion1 ? version1 : version2, at);
      if (leaves !== undefined) found.push(leaves);
      if (at === '/') break;
    }
  }
  return found;
}

async function controlGroup(
  readText: MemoryPorts['readText'],
  { root, limit, usage, inactiveFile }: GroupFiles,
  group: string,
): Promise<AvailableMemory | undefined> {
  const file = (name: string): Promise<string | undefined> => readText(path.posix.join(root, group, name));
  const total = Number((await file(limit)) ?? Number.NaN); // "max" is no number: no limit
  if (!(total < unlimited)) return undefined;
  const used = Number((await file(usage)) ?? 0);
  // The page cache counts as used, but what was not touched lately is given up on demand.
  const cache = Number(inactiveFile.exec((await file('memory.stat')) ?? '')?.[1] ?? 0);
  return { available: total - used + Math.min(used, cache), total };
}
