import type { LanguageCues } from './cues/index.ts';
import type { Tag } from './mask.ts';
import { announcedByTitle, type Announcement } from './sections.ts';

/** The heading and the tags that are in force at a place, and what they announce. */
export class Titles {
  #next = 0;
  #open: { name: string; announced: Announcement | undefined }[] = [];
  #heading: Announcement | undefined;
  /** Level of the heading over examples that is in force. */
  #exampleLevel = Infinity;
  #tagIsNearer = false;
  readonly tags: readonly Tag[];
  readonly languages: readonly LanguageCues[];

  constructor(tags: readonly Tag[], languages: readonly LanguageCues[]) {
    this.tags = tags;
    this.languages = languages;
  }

  addHeading(text: string, level: number): void {
    this.#heading = announcedByTitle(text, this.languages);
    this.#tagIsNearer = false;
    if (level <= this.#exampleLevel) this.#exampleLevel = this.#heading === 'examples' ? level : Infinity;
  }

  moveTo(offset: number): void {
    for (
      let tag = this.tags[this.#next];
      tag !== undefined && tag.range.start < offset;
      tag = this.tags[++this.#next]
    ) {
      if (tag.opens !== undefined) {
        this.#open.push({ name: tag.opens, announced: announcedByTitle(tag.opens, this.languages) });
        this.#tagIsNearer = true;
      } else if (tag.closes !== undefined) {
        const last = this.#open.findLastIndex(({ name }) => name === tag.closes);
        if (last !== -1) this.#open = this.#open.slice(0, last);
      }
    }
  }

  get announced(): Announcement | undefined {
    return this.#tagIsNearer ? this.#open.at(-1)?.announced : this.#heading;
  }

  get inExamples(): boolean {
    return this.#exampleLevel < Infinity;
  }
}
