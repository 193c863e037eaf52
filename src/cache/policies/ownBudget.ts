/** A note for policies whose parameters decide how much they keep. */
export const ownBudgetNote = (title: string, decidedBy: string): string =>
  `${title} keeps what ${decidedBy} leaves, whatever the compression ratio.`;
