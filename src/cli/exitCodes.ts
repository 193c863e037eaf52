/** How a command can end. Code against the names; the numbers are a contract with scripts and CI. */
export const exitCodes = {
  /** Done, and no finding at or above the fail level. */
  nothingToReport: 0,
  /** Done, with at least one finding at or above the fail level. */
  findings: 100,
  /** Not done: wrong usage, model missing, engine lost, cancelled, nothing matched. Also Node's code for a crash, so a crash never looks like findings. */
  notDone: 1,
} as const;

export type ExitName = keyof typeof exitCodes;
