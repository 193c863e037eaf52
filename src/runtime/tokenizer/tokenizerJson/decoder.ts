import { z } from 'zod';
import { byteLevelBytes } from '../byteLevelAlphabet.ts';
import { fallbackByte } from '../vocabulary.ts';
import { component, optionsOf, pattern, unsupported, type Component } from './component.ts';

/** How pieces become text again. */
export interface JsonDecoder {
  readonly bytesOf: (piece: string) => Uint8Array;
  /** True where added tokens stand for their content as it is. */
  readonly addedAreLiteral: boolean;
  /** Decoded texts lose one space at their start. */
  readonly stripsSpace: boolean;
}

const sequenceOptions = z.object({ decoders: z.array(component) });
const replaceOptions = z.object({ pattern, content: z.string() });
const stripOptions = z.object({ content: z.literal(' '), start: z.int().min(0).max(1), stop: z.literal(0) });
const metaspaceOptions = z.object({
  replacement: z.string(),
  prepend_scheme: z.enum(['always', 'first', 'never']).optional(),
  add_prefix_space: z.boolean().optional(),
});

/**
 * @param step null for none: pieces are text as they stand.
 * @throws HoldfastError `unsupported-model` for a step that is not known here, `model-format` for wrong options.
 */
export function readDecoder(step: Component | null): JsonDecoder {
  const steps = step === null ? [] : flatten(step);
  if (steps.some(({ type }) => type === 'ByteLevel')) {
    return { bytesOf: byteLevelBytes, addedAreLiteral: true, stripsSpace: false };
  }
  let stripsSpace = false;
  let fallsBack = false;
  const replacements: (readonly [from: string, to: string])[] = [];
  for (const each of steps) {
    switch (each.type) {
      case 'Replace': {
        const { pattern: looked, content } = optionsOf(each, replaceOptions);
        if (!('String' in looked)) throw unsupported('decodes by regular expressions');
        replacements.push([looked.String, content]);
        break;
      }
      case 'Metaspace': {
        const { replacement, prepend_scheme, add_prefix_space } = optionsOf(each, metaspaceOptions);
        replacements.push([replacement, ' ']);
        stripsSpace = (prepend_scheme ?? (add_prefix_space === false ? 'never' : 'always')) !== 'never';
        break;
      }
      case 'Strip':
        stripsSpace = optionsOf(each, stripOptions).start === 1;
        break;
      case 'ByteFallback':
        fallsBack = true;
        break;
      case 'Fuse':
        break;
      default:
        throw unsupported(`decodes by "${each.type}"`);
    }
  }
  return {
    stripsSpace,
    addedAreLiteral: false,
    bytesOf(piece) {
      const byte = fallsBack ? fallbackByte(piece) : undefined;
      if (byte !== undefined) return Uint8Array.of(byte);
      return Buffer.from(
        replacements.reduce((text, [from, to]) => text.replaceAll(from, to), piece),
        'utf8',
      );
    },
  };
}

const flatten = (step: Component): Component[] =>
  step.type === 'Sequence' ? optionsOf(step, sequenceOptions).decoders.flatMap(flatten) : [step];
