import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { findModelType } from '../graph/architectures/index.ts';
import { outlineGguf } from '../weights/ggufOutline.ts';
import { ggmlTensorTypes } from '../weights/ggufTypes.ts';
import { metadataNumber, metadataString } from '../weights/ggufMetadata.ts';
import { openSafetensors } from '../weights/safetensors.ts';
import { elementCount } from '../weights/weightSource.ts';
import { licenceName } from './licence.ts';
import { partsOf } from './modelFiles.ts';
import type { ModelFormat } from './userModel.ts';

/** What a model says of itself; a field is absent where it says nothing. */
export interface ModelOutline {
  /** As its own publisher names it. */
  readonly name?: string;
  /** Id of the family where it is one that is run, whatever the file calls it; else as the file says. */
  readonly architecture?: string;
  readonly parameters?: number;
  /** How its weights are stored, such as `Q4_K_M` or `BF16`. */
  readonly quantisation?: string;
  readonly licence?: string;
  /** Why no version of the format's reader takes its weights. */
  readonly obstacle?: string;
}

/** Per file. A large vocabulary takes about 50 ms from memory; a slow disk must not hold up a list. */
const BUDGET_MS = 500;

/** `general.file_type` (`enum llama_ftype`). */
const fileTypes: Readonly<Record<number, string>> = {
  0: 'F32',
  1: 'F16',
  2: 'Q4_0',
  3: 'Q4_1',
  7: 'Q8_0',
  8: 'Q5_0',
  9: 'Q5_1',
  10: 'Q2_K',
  11: 'Q3_K_S',
  12: 'Q3_K_M',
  13: 'Q3_K_L',
  14: 'Q4_K_S',
  15: 'Q4_K_M',
  16: 'Q5_K_S',
  17: 'Q5_K_M',
  18: 'Q6_K',
  19: 'IQ2_XXS',
  20: 'IQ2_XS',
  21: 'Q2_K_S',
  22: 'IQ3_XS',
  23: 'IQ3_XXS',
  24: 'IQ1_S',
  25: 'IQ4_NL',
  26: 'IQ3_S',
  27: 'IQ3_M',
  28: 'IQ2_S',
  29: 'IQ2_M',
  30: 'IQ4_XS',
  31: 'IQ1_M',
  32: 'BF16',
  36: 'TQ1_0',
  37: 'TQ2_0',
  38: 'MXFP4',
};

/**
 * Reads what a model says of itself, without its weights. Throws `HoldfastError` for a damaged or incomplete model, the
 * system's error for one that cannot be read.
 */
export async function outlineModel(file: string, format: ModelFormat): Promise<ModelOutline> {
  return format === 'gguf' ? outlineOfGguf(file) : outlineOfFolder(file);
}

function outlineOfGguf(file: string): ModelOutline {
  const [first, ...others] = partsOf(file).map((part) => outlineGguf(part, BUDGET_MS));
  const head = first!;
  const elements = new Map<string, number>();
  for (const part of [head, ...others])
    for (const [type, count] of part.elements) elements.set(type, (elements.get(type) ?? 0) + count);
  const parameters = [...elements.values()].reduce((sum, count) => sum + count, 0);
  const unreadable = [...elements.keys()].filter(
    (type) => ![...ggmlTensorTypes.values()].some((known) => known === type),
  );
  return defined({
    name: metadataString(head, 'general.name'),
    architecture: metadataString(head, 'general.architecture'),
    parameters: parameters === 0 ? metadataNumber(head, 'general.parameter_count') : parameters,
    quantisation: fileTypes[metadataNumber(head, 'general.file_type') ?? -1] ?? mostElements(elements),
    licence: licenceName(metadataString(head, 'general.license'), metadataString(head, 'general.license.name')),
    obstacle:
      unreadable.length === 0 ? undefined : `its weights are stored as ${unreadable.join(', ')}, which is not read`,
  });
}

const configSchema = z.looseObject({
  model_type: z.string().optional(),
  quantization_config: z.unknown().optional(),
  quantization: z.unknown().optional(),
});

async function outlineOfFolder(folder: string): Promise<ModelOutline> {
  const config = configSchema.parse(JSON.parse(await readFile(path.join(folder, 'config.json'), 'utf8')));
  const weights = openSafetensors(folder);
  const elements = new Map<string, number>();
  try {
    for (const { type, shape } of weights.tensors.values())
      elements.set(type, (elements.get(type) ?? 0) + elementCount(shape));
  } finally {
    weights.close();
  }
  const quantised = (config.quantization_config ?? config.quantization) !== undefined;
  return defined({
    // A folder of text models may say `gemma3_text`, a GGUF file of the same model `gemma3`.
    architecture: findModelType(config.model_type ?? '')?.id ?? config.model_type,
    // Packed integers hold several weights each, so their number says nothing.
    parameters: quantised ? undefined : [...elements.values()].reduce((sum, count) => sum + count, 0),
    quantisation: quantised ? undefined : mostElements(elements),
    licence: await cardLicence(path.join(folder, 'README.md')),
    obstacle: quantised ? 'its weights are quantised in a form that is not read; a GGUF file of it is' : undefined,
  });
}

/** Front matter of a model card is at the start of the file. */
const CARD_BYTES = 4096;

/** The licence that a model card names, where the card was downloaded too. */
async function cardLicence(card: string): Promise<string | undefined> {
  const handle = await open(card, 'r').catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const buffer = Buffer.alloc(CARD_BYTES);
    const { bytesRead } = await handle.read(buffer, 0, CARD_BYTES, 0);
    const matter = /^---\r?\n([^]*?)\r?\n---/u.exec(buffer.toString('utf8', 0, bytesRead))?.[1] ?? '';
    const field = (name: string): string | undefined =>
      new RegExp(`^${name}: *["']?([^"'\\r\\n]+)`, 'mu').exec(matter)?.[1];
    return licenceName(field('license'), field('license_name'));
  } finally {
    await handle.close();
  }
}

function mostElements(elements: ReadonlyMap<string, number>): string | undefined {
  const [most] = [...elements].sort(([, a], [, b]) => b - a);
  return most?.[0];
}

/** Without the fields that say nothing, so that a spread never overwrites knowledge with ignorance. */
const defined = <T extends object>(fields: { readonly [Key in keyof T]: T[Key] | undefined }): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
