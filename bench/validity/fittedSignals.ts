/** The signals that the risk score is made of: few, because a few dozen prompts carry no more. */
export const fittedSignals = ['distanceWhereItActs', 'flipsWhereItActs', 'loss', 'evicted', 'position'] as const;
