/** The signals that the risk score is made of: chosen on the development data, few enough for it. */
export const fittedSignals = [
  'flips',
  'distanceWhereItActs',
  'loss',
  'evicted',
  'ratio',
  'position',
  'isIdentity',
] as const;
