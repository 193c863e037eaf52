import { text } from '../strings.ts';
import { busyRing } from '../toolkit.ts';
import { element } from './dom.ts';

/** The progress of a running audit, said politely to screen readers, and gone when there is none. */
export class ProgressView {
  readonly #message = element('span', {});
  readonly #bar = element('div', { class: 'bar', attributes: { 'aria-hidden': 'true' } }, element('div'));
  readonly #visible = element('div', { class: 'progress' }, busyRing(), this.#message, this.#bar);
  readonly #live = element('div', { class: 'spoken', attributes: { role: 'status', 'aria-live': 'polite' } });
  readonly node = element('div', {}, this.#visible, this.#live);
  #spokenStep = -1;

  constructor() {
    this.#visible.hidden = true;
  }

  show(fraction: number, message: string): void {
    this.#visible.hidden = false;
    const percentage = Math.round(fraction * 100);
    this.#message.textContent = text('progress', percentage, message);
    (this.#bar.firstElementChild as HTMLElement).style.width = `${percentage}%`;
    // A screen reader would read every percent; every tenth is enough.
    const step = Math.floor(percentage / 10);
    if (step !== this.#spokenStep) this.say(text('progress', percentage, message));
    this.#spokenStep = step;
  }

  end(): void {
    this.#visible.hidden = true;
    this.#spokenStep = -1;
  }

  say(message: string): void {
    this.#live.textContent = message;
  }
}
