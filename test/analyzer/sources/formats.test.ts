import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { writeBack } from '../../../src/analyzer/writeBack.ts';
import { samples } from './samples.ts';
import { assertMapped, extracted, promptsOf } from './support.ts';

for (const { path, text, prompts, files, isWritable } of samples) {
  describe(path, () => {
    test('its prompts are found, and every character maps to the file', async () => {
      const found = await promptsOf(path, text, files);
      assert.deepEqual(
        found.map((prompt) => prompt.text),
        prompts,
      );
      for (const prompt of found) assertMapped(text, prompt);
    });

    test('the same file with a byte order mark and CRLF has the same prompts', async () => {
      const other = `\uFEFF${text.replaceAll('\n', '\r\n')}`;
      const found = await promptsOf(path, other, files);
      assert.deepEqual(
        found.map((prompt) => prompt.text),
        prompts,
      );
      for (const prompt of found) assertMapped(other, prompt);
    });

    test(`another order of lines ${isWritable ? 'is written into it' : 'is refused with a reason, or there is one line'}`, async () => {
      for (const source of [text, text.replaceAll('\n', '\r\n')]) {
        const [prompt] = await promptsOf(path, source, files);
        const turned = prompt!.text.split('\n').reverse().join('\n').trim();
        const reread = async (changed: string) => (await extracted(path, changed, files)).prompts[0];
        const wanted = prompt!.text.endsWith('\n') ? `${turned}\n` : turned;
        const written = await writeBack(prompt!, source, wanted, reread);
        if (!isWritable) {
          assert.ok('refused' in written && written.refused !== '');
          continue;
        }
        assert.ok('edit' in written, JSON.stringify(written));
        const { range, newText } = written.edit;
        const changed = source.slice(0, range.start) + newText + source.slice(range.end);
        assert.equal((await reread(changed))?.text, wanted);
        // Variables and imports are moved, not replaced by their values.
        for (const { hole } of prompt!.segments) if (hole?.from === 'sample') assert.ok(changed.includes(hole.name));
      }
    });
  });
}
