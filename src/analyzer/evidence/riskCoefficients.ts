// Written by "npm run fit:risk" from 200 pairs of 19 prompts: do not edit.
import type { RiskCoefficients } from './risk.ts';

export const riskCoefficients: RiskCoefficients = {
  intercept: -1.736,
  weights: {
    distanceWhereItActs: 1.591,
    flipsWhereItActs: 1.177,
    loss: 1.44,
    evicted: 0.508,
    position: -0.346,
  },
};
