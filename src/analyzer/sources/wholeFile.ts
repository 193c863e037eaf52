import type { MappedText } from '../prompt.ts';
import { frontMatter } from './frontMatter.ts';
import { mapText, withoutBlankEdges } from './mappedText.ts';
import type { Extraction, SourceFile } from './promptSource.ts';
import { promptsFrom } from './promptsFrom.ts';

/** The body of a file: without byte order mark, front matter and blank edges. */
export function bodyOf(fileText: string): MappedText {
  return withoutBlankEdges(mapText(fileText, frontMatter(fileText).body));
}

/** A prompt that is the whole body of a file. */
export function extractWholeFile(file: SourceFile, source: string): Extraction {
  return promptsFrom(file, source, [{ mapped: bodyOf(file.text) }], whyEmpty(file.text));
}

/** Why a file has no body. */
export function whyEmpty(fileText: string): string {
  return frontMatter(fileText).matter === null ? 'it is empty' : 'it holds front matter only';
}
