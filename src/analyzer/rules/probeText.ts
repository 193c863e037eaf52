import type { PromptReport } from '../report.ts';

/** The text of a probe by its id; the id where the report does not carry the probe. */
export const probeText = ({ probes }: PromptReport, id: string): string =>
  probes.find((probe) => probe.id === id)?.text ?? id;
