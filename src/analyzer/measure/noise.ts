import type { CompareRow } from '../../runtime/languageModel.ts';
import { influentialProbe, mean } from '../measurement.ts';
import { evidenceTokens, type Measuring, type RowsDone } from './measuring.ts';
import { withPromptText } from './otherText.ts';

/** Sentences that ask for nothing: what masking them changes is noise. */
const controls = [
  'The sky was grey that morning.',
  'A train passed by in the distance.',
  'The kettle stood on the shelf.',
];

/**
 * The noise floor of each probe under which some instruction is strongest: the largest influence that sentences without
 * meaning have when they stand between the instructions, at the beginning, in the middle and at the end. Noise only raises the
 * floor of the settings, so instructions below that one need none.
 */
export async function measureNoise(measuring: Measuring, done: RowsDone): Promise<void> {
  const { model, measurement, settings, signal } = measuring;
  const { text, segmentation, positions, probes, fullAnswers, noise } = measurement;
  const strongest = new Set(
    [...positions.keys()].map((index) => influentialProbe(measurement, index, settings)?.probe),
  );
  const asked = probes.filter(({ id }) => strongest.has(id));
  if (asked.length === 0) return;
  const { text: mixed, ranges } = withControls(
    text,
    segmentation.instructions.map(({ range }) => range.end),
  );
  await withPromptText(model, measurement, mixed, signal, async (other) => {
    const rows: CompareRow[] = [];
    for (const probe of asked) {
      const suffix = await model.encodeUser(other.text, probe.text, signal);
      const target = fullAnswers.get(probe.id)!.ids.slice(0, evidenceTokens);
      for (const range of ranges) {
        rows.push({ mask: { kind: 'positions', positions: other.positionsOf(range) }, suffix, target });
      }
    }
    const comparisons = await model.compare(other.prefix, rows, signal, done);
    for (const [p, probe] of asked.entries()) {
      const ofProbe = comparisons.slice(p * ranges.length, (p + 1) * ranges.length);
      noise.set(probe.id, Math.max(...ofProbe.map(({ kl }) => mean(kl))));
    }
  });
}

/** The text with a control on a line of its own behind the first, the middle and the last of some places, and where they are. */
function withControls(text: string, ends: readonly number[]) {
  const places = [ends[0]!, ends[ends.length >> 1]!, ends.at(-1)!];
  let mixed = '';
  let from = 0;
  const ranges: { start: number; end: number }[] = [];
  for (const [i, control] of controls.entries()) {
    const lineEnd = text.indexOf('\n', places[i]);
    const at = Math.max(from, lineEnd < 0 ? text.length : lineEnd);
    mixed += `${text.slice(from, at)}\n${control}`;
    ranges.push({ start: mixed.length - control.length, end: mixed.length });
    from = at;
  }
  return { text: mixed + text.slice(from), ranges };
}
