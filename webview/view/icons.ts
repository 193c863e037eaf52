import type { Severity, Verdict } from '../../src/analyzer/report.ts';

const namespace = 'http://www.w3.org/2000/svg';

// Shapes differ as well as colours, so that a verdict can be told apart without colour. 16 x 16 units.
const verdictPaths: Record<Verdict, string> = {
  held: 'M3 8.5 6.5 12 13 4.5',
  weakened: 'M3 5.5 8 10.5 13 5.5 M3 9.5 8 14.5 13 9.5',
  evicted: 'M4 4 12 12 M12 4 4 12',
  ignored: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11 M4.2 4.2 11.8 11.8',
  inert: 'M3 8H13',
  'not-measured': 'M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.7 8 9.2 8 10 M8 12.4V13',
};

const severityPaths: Record<Severity, string> = {
  error: 'M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12 M5.8 5.8 10.2 10.2 M10.2 5.8 5.8 10.2',
  warning: 'M8 2.5 14 13.5H2Z M8 6.5V10 M8 11.3V12',
  information: 'M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12 M8 7.3V11 M8 4.8V5.6',
  hint: 'M8 2a4 4 0 0 0-2 7.5V11.5H10V9.5A4 4 0 0 0 8 2 M6.5 14H9.5',
};

function drawing(path: string, className: string): SVGElement {
  const svg = document.createElementNS(namespace, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', `icon ${className}`);
  svg.setAttribute('aria-hidden', 'true');
  const shape = document.createElementNS(namespace, 'path');
  shape.setAttribute('d', path);
  svg.append(shape);
  return svg;
}

/** Decoration: the verdict's word always stands beside it. */
export const verdictIcon = (verdict: Verdict): SVGElement => drawing(verdictPaths[verdict], `verdict-${verdict}`);

/** Decoration: the severity is always said as well. */
export const severityIcon = (severity: Severity): SVGElement =>
  drawing(severityPaths[severity], `severity-${severity}`);
