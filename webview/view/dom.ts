/** What an element can hold: other nodes, or text that is only ever shown as text. */
export type Child = Node | string | null | undefined | false;

type Listeners = { readonly [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };

export interface Properties {
  readonly class?: string;
  readonly attributes?: Readonly<Record<string, string | number | undefined>>;
  readonly on?: Listeners;
}

/** Builds an element from attributes and text nodes. There is no way to pass markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(name);
  if (properties.class !== undefined) node.className = properties.class;
  for (const [attribute, value] of Object.entries(properties.attributes ?? {}))
    if (value !== undefined) node.setAttribute(attribute, String(value));
  for (const [event, listener] of Object.entries(properties.on ?? {}))
    node.addEventListener(event, listener as EventListener);
  append(node, children);
  return node;
}

export function append(node: Element | DocumentFragment, children: readonly Child[]): void {
  for (const child of children) if (child !== null && child !== undefined && child !== false) node.append(child);
}

/** Text for screen readers only. */
export const spoken = (content: string): HTMLElement => element('span', { class: 'spoken' }, content);

let lastId = 0;

/** An id that is unique in the page, for `aria-labelledby`. */
export const uniqueId = (prefix: string): string => `${prefix}-${++lastId}`;
