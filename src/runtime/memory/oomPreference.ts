import { writeFileSync } from 'node:fs';

/** -1000 to 1000; the kernel ends the process with the highest sum of this and its share of memory. */
const volunteerScore = '800';

/**
 * Asks the kernel to end this process first when memory runs out, so that the editor survives. Linux only; where the file
 * cannot be written, the kernel's own choice stays.
 */
export function volunteerForOutOfMemory(): void {
  if (process.platform !== 'linux') return;
  try {
    writeFileSync('/proc/self/oom_score_adj', volunteerScore);
  } catch {
    // Not allowed in some containers.
  }
}
