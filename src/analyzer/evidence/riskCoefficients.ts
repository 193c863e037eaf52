// Written by "npm run fit:risk": do not edit.
import type { RiskCoefficients } from './risk.ts';

export const riskCoefficients: RiskCoefficients = {
  intercept: -2,
  weights: { flips: 2, loss: 1 },
};
