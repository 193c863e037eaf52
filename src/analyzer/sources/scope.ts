import { frontMatter } from './frontMatter.ts';

/**
 * When a tool reads a file at all, as its front matter says. Read line by line: tools accept globs that are no YAML, such as
 * `globs: *.ts`.
 */
export function scopeNotes(fileText: string): string[] {
  const { matter } = frontMatter(fileText);
  if (matter === null) return [];
  const fields = fieldsOf(fileText.slice(matter.start, matter.end));
  const globs = ['applyTo', 'globs', 'paths', 'fileMatchPattern'].flatMap((key) => globsOf(fields.get(key) ?? []));
  if (globs.length > 0 && !globs.every((glob) => /^\*\*(?:\/\*)?$/.test(glob)))
    return [`It applies to ${globs.join(', ')} only.`];
  const says = (key: string, value: string): boolean => fields.get(key)?.[0] === value;
  if (says('trigger', 'manual') || says('inclusion', 'manual')) return ['It applies only where it is named.'];
  const isChosen = says('trigger', 'model_decision') || says('alwaysApply', 'false');
  return isChosen ? ['It applies where the model chooses it by its description.'] : [];
}

/** Values of the keys of a front matter: that of its line, then items of a list below it. */
function fieldsOf(matter: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  let values: string[] = [];
  for (const line of matter.split(/\r\n|\n|\r/)) {
    const [, key, value = ''] = /^([\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    const item = /^\s*-[ \t]+(.*?)[ \t]*$/.exec(line)?.[1];
    if (key !== undefined) {
      values = value === '' ? [] : [value];
      fields.set(key, values);
    } else if (item !== undefined) values.push(item);
  }
  return fields;
}

/** `"a, b"`, `[a, "b"]` or one glob per value. */
const globsOf = (values: readonly string[]): string[] =>
  values
    .flatMap((value) => value.replace(/^\[|\]$/g, '').split(/,(?![^{]*\})/))
    .map((glob) => glob.trim().replace(/^['"]+|['"]+$/g, ''))
    .filter((glob) => glob !== '');
