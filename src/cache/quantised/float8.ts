import { roundToMinifloat, type Minifloat } from './minifloat.ts';

/** The nearest 8-bit float, half to even; what is larger than the largest becomes the largest (CUDA's `satfinite`). */
export function roundToFloat8(value: number, format: Minifloat): number {
  const rounded = roundToMinifloat(value, format);
  return Math.max(-format.max, Math.min(format.max, rounded));
}
