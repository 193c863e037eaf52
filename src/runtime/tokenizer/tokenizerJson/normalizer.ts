import { z } from 'zod';
import { nfc, prepend, replace, sequence, type Normalizer } from '../normalizers.ts';
import { compilePattern, component, optionsOf, pattern, unsupported, type Component } from './component.ts';

const prependOptions = z.object({ prepend: z.string() });
const replaceOptions = z.object({ pattern, content: z.string() });
const sequenceOptions = z.object({ normalizers: z.array(component) });

/** @throws HoldfastError `unsupported-model` for a step that is not known here, `model-format` for wrong options. */
export function readNormalizer(step: Component): Normalizer {
  switch (step.type) {
    case 'Sequence':
      return sequence(optionsOf(step, sequenceOptions).normalizers.map(readNormalizer));
    case 'Prepend':
      return prepend(optionsOf(step, prependOptions).prepend);
    case 'Replace': {
      const { pattern: looked, content } = optionsOf(step, replaceOptions);
      const compiled = compilePattern(looked);
      if (''.match(compiled) !== null) throw unsupported('replaces matches of nothing');
      return replace(compiled, content);
    }
    case 'NFC':
      return nfc;
    default:
      // Most others (NFKC, Lowercase, Strip, BertNormalizer) lose what the prompt says; no decoder in reach uses them.
      throw unsupported(`normalises text by "${step.type}"`);
  }
}
