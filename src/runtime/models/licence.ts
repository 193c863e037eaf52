/** Licence tags as the Hub and GGUF files write them, and the names that people know; SPDX identifiers where there are any. */
const names: Readonly<Record<string, string>> = {
  'apache-2.0': 'Apache-2.0',
  mit: 'MIT',
  'bsd-3-clause': 'BSD-3-Clause',
  'cc-by-4.0': 'CC-BY-4.0',
  'cc-by-nc-4.0': 'CC-BY-NC-4.0',
  'cc-by-sa-4.0': 'CC-BY-SA-4.0',
  gemma: 'Gemma Terms of Use',
  llama2: 'Llama 2 Community License',
  llama3: 'Llama 3 Community License',
  'llama3.1': 'Llama 3.1 Community License',
  'llama3.2': 'Llama 3.2 Community License',
  'llama3.3': 'Llama 3.3 Community License',
};

/** A licence as it is shown. `other` says that the publisher names a licence of their own, in `ownName`. */
export function licenceName(tag: string | undefined, ownName?: string): string | undefined {
  const trimmed = tag?.trim() ?? '';
  if (trimmed === '' || trimmed.toLowerCase() === 'unknown') return undefined;
  if (trimmed.toLowerCase() === 'other') return ownName ?? 'other';
  return names[trimmed.toLowerCase()] ?? trimmed;
}

const titles: readonly (readonly [RegExp, string])[] = [
  [/apache license/iu, 'Apache-2.0'],
  [/\bmit license/iu, 'MIT'],
  [/gemma terms of use/iu, 'Gemma Terms of Use'],
];

/** A licence by the start of its text: its usual name, else its first line as a title. */
export function licenceOfText(text: string): string | undefined {
  const known = titles.find(([title]) => title.test(text))?.[1];
  if (known !== undefined) return known;
  const llama = /llama (\d(?:\.\d)?) community license/iu.exec(text)?.[1];
  if (llama !== undefined) return `Llama ${llama} Community License`;
  const first = text
    .split(/\r?\n/u)
    .map((line) => line.trim())
    .find((line) => line !== '');
  return first?.slice(0, 80);
}
