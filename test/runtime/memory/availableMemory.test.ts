import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  availableMemory,
  parseMemAvailable,
  parseVmStat,
  type MemoryPorts,
} from '../../../src/runtime/memory/availableMemory.ts';

const gibibyte = 2 ** 30;
const meminfo = (available: number): string =>
  `MemTotal:       16777216 kB\nMemFree:          102400 kB\nMemAvailable:   ${(available * gibibyte) / 1024} kB\n`;

/** A machine with 16 GiB in which these files exist. */
function machine(files: Readonly<Record<string, string>>, overrides: Partial<MemoryPorts> = {}): MemoryPorts {
  return {
    platform: 'linux',
    readText: (file) => Promise.resolve(files[file]),
    vmStat: () => Promise.resolve(undefined),
    freeMemory: () => gibibyte,
    totalMemory: () => 16 * gibibyte,
    ...overrides,
  };
}

describe('available memory', () => {
  test('Linux counts what can be reclaimed, not only what is free', async () => {
    assert.equal(parseMemAvailable(meminfo(10)), 10 * gibibyte);
    const { available, total } = await availableMemory(machine({ '/proc/meminfo': meminfo(10) }));
    assert.deepEqual([available, total], [10 * gibibyte, 16 * gibibyte]);
  });

  test('without /proc/meminfo it is what the operating system calls free', async () => {
    assert.equal((await availableMemory(machine({}))).available, gibibyte);
    assert.equal(parseMemAvailable('MemFree: 5 kB'), undefined);
  });

  test('a container of version 2 is bounded by the tightest group above it, less what is used and cannot be reclaimed', async () => {
    const { available, total } = await availableMemory(
      machine({
        '/proc/meminfo': meminfo(10),
        '/proc/self/cgroup': '0::/pod/box\n',
        '/sys/fs/cgroup/pod/box/memory.max': 'max\n',
        '/sys/fs/cgroup/pod/memory.max': `${4 * gibibyte}\n`,
        '/sys/fs/cgroup/pod/memory.current': `${3 * gibibyte}\n`,
        '/sys/fs/cgroup/pod/memory.stat': `anon 1\ninactive_file ${2 * gibibyte}\n`,
      }),
    );
    assert.deepEqual([available, total], [3 * gibibyte, 4 * gibibyte]);
  });

  test('a container of version 1 whose path is the host’s is found at the root of its mount', async () => {
    const { available } = await availableMemory(
      machine({
        '/proc/meminfo': meminfo(10),
        '/proc/self/cgroup': '5:devices:/docker/ab\n4:cpu,memory:/docker/ab\n0::/\n',
        '/sys/fs/cgroup/memory/memory.limit_in_bytes': `${2 * gibibyte}\n`,
        '/sys/fs/cgroup/memory/memory.usage_in_bytes': `${gibibyte}\n`,
      }),
    );
    assert.equal(available, gibibyte);
  });

  test('groups without a limit bound nothing, in either version', async () => {
    const { available } = await availableMemory(
      machine({
        '/proc/meminfo': meminfo(10),
        '/proc/self/cgroup': '4:memory:/a\n0::/a\n',
        '/sys/fs/cgroup/memory/a/memory.limit_in_bytes': '9223372036854771712\n',
        '/sys/fs/cgroup/a/memory.max': 'max\n',
      }),
    );
    assert.equal(available, 10 * gibibyte);
  });

  test('a group that is over its limit leaves nothing, never less', async () => {
    const { available } = await availableMemory(
      machine({
        '/proc/meminfo': meminfo(10),
        '/proc/self/cgroup': '0::/a\n',
        '/sys/fs/cgroup/a/memory.max': '1000\n',
        '/sys/fs/cgroup/a/memory.current': '2000\n',
      }),
    );
    assert.equal(available, 0);
  });

  test('macOS counts inactive, speculative and purgeable pages, and falls back to what is free', async () => {
    const said =
      'Mach Virtual Memory Statistics: (page size of 16384 bytes)\nPages free:                    1000.\n' +
      'Pages active:                  9999.\nPages inactive:              100000.\nPages speculative:               24.\n' +
      'Pages purgeable:                  6.\n';
    assert.equal(parseVmStat(said), 101_030 * 16384);
    const mac = (vmStat?: string): MemoryPorts =>
      machine({}, { platform: 'darwin', vmStat: () => Promise.resolve(vmStat) });
    assert.equal((await availableMemory(mac(said))).available, 101_030 * 16384);
    assert.equal((await availableMemory(mac())).available, gibibyte);
  });

  test('this machine has some, and not more than it has in all', async () => {
    const { available, total } = await availableMemory();
    assert.ok(available > 0 && available <= total, `${available} of ${total}`);
  });
});
