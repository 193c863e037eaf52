import type { Encoding } from './prompt.ts';

/** How text without line ends is written inside a literal. */
export function encodeText(text: string, encoding: Encoding | undefined): string {
  switch (encoding?.escape) {
    case undefined:
    case 'none':
      return text;
    case 'json':
      return JSON.stringify(text).slice(1, -1);
    case 'js':
      return text.replaceAll('\\', '\\\\').replaceAll(encoding.quote, `\\${encoding.quote}`);
    case 'template-literal':
      return text.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${');
    case 'python':
      return text.replaceAll('\\', '\\\\').replaceAll(encoding.quote, encoding.quote.replace(/./g, '\\$&'));
    case 'yaml-double':
      return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
    case 'yaml-single':
      return text.replaceAll("'", "''");
    case 'xml':
      return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  }
}
