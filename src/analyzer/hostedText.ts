import type { Prompt } from './prompt.ts';

/** The text of a system turn: the prompt with its host around it, and where the prompt's own text begins. */
export interface HostedText {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Between a host and the prompt there is a blank line, as tools put it. */
const gap = '\n\n';

export function hostedText({ text, host }: Pick<Prompt, 'text' | 'host'>): HostedText {
  const before = host === undefined || host.before === '' ? '' : host.before + gap;
  const after = host === undefined || host.after === '' ? '' : gap + host.after;
  return { text: before + text + after, start: before.length, end: before.length + text.length };
}
