import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeProgressRing,
} from '@vscode/webview-ui-toolkit';

/**
 * The only file that knows @vscode/webview-ui-toolkit. The package is deprecated, so the rest of the webview asks for a
 * control by what it is and never names a `vscode-*` element: replacing the toolkit means rewriting this file. Its tag and
 * badge are not used: they set a style attribute, which the content security policy blocks.
 */
provideVSCodeDesignSystem().register(
  vsCodeButton(),
  vsCodeCheckbox(),
  vsCodeDropdown(),
  vsCodeOption(),
  vsCodeProgressRing(),
);

export function button(label: string, look: 'primary' | 'secondary', onPress: () => void): HTMLElement {
  const element = document.createElement('vscode-button');
  element.setAttribute('appearance', look);
  element.textContent = label;
  element.addEventListener('click', onPress);
  return element;
}

export function checkbox(label: string, checked: boolean, onChange: (checked: boolean) => void): HTMLElement {
  const element = document.createElement('vscode-checkbox') as HTMLElement & { checked: boolean };
  // The attribute sets the first value; the element reports later ones through its property.
  if (checked) element.setAttribute('checked', '');
  element.textContent = label;
  element.addEventListener('change', () => onChange(element.checked));
  return element;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** A drop-down list with an accessible name. */
export function dropdown(
  label: string,
  choices: readonly Choice[],
  value: string,
  onChange: (value: string) => void,
): HTMLElement {
  const element = document.createElement('vscode-dropdown') as HTMLElement & { value: string };
  element.setAttribute('aria-label', label);
  for (const choice of choices) {
    const option = document.createElement('vscode-option');
    option.setAttribute('value', choice.value);
    if (choice.value === value) option.setAttribute('selected', '');
    option.textContent = choice.label;
    element.append(option);
  }
  element.addEventListener('change', () => onChange(element.value));
  return element;
}

/** A busy ring; decoration beside a text that says the same. */
export function busyRing(): HTMLElement {
  const element = document.createElement('vscode-progress-ring');
  element.setAttribute('aria-hidden', 'true');
  return element;
}
