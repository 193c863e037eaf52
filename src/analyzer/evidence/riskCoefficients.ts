// Written by "npm run fit:risk" from 580 pairs of 57 prompts: do not edit.
import type { RiskCoefficients } from './risk.ts';

export const riskCoefficients: RiskCoefficients = {
  intercept: -2.644,
  weights: {
    distanceWhereItActs: 2.394,
    flipsWhereItActs: 1.249,
    loss: 2.114,
    evicted: 0.51,
    position: -0.06,
  },
};
