import { z } from 'zod';

/** How the reference compares a count with a number. */
export const relation = z.enum(['less than', 'at least']);
export type Relation = z.infer<typeof relation>;

export const count = z.int().min(1);

export const holds = (amount: number, compared: Relation, threshold: number): boolean =>
  compared === 'less than' ? amount < threshold : amount >= threshold;
