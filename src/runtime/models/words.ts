import type { Keeper } from './foundModel.ts';

/** Whose folder a model lies in, as people say it. */
export const keeperNames: Readonly<Record<Keeper, string>> = {
  holdfast: 'Holdfast',
  huggingface: 'Hugging Face cache',
  ollama: 'Ollama',
  'lm-studio': 'LM Studio',
  user: 'your folders',
};

/** A size as download pages give it, such as `98 MB` or `2.5 GB`. */
export function sizeText(bytes: number): string {
  return bytes < 999.5e6 ? `${Math.round(bytes / 1e6)} MB` : gigabytes(bytes);
}

export const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

/** A number of parameters as model names give it, such as `135 M` or `1.2 B`. */
export function parametersText(parameters: number): string {
  return parameters < 999.5e6 ? `${Math.round(parameters / 1e6)} M` : `${(parameters / 1e9).toFixed(1)} B`;
}
