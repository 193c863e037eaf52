import { wilson } from '../../src/analyzer/evidence/passRate.ts';
import type { Scored } from './auroc.ts';

const size = { width: 460, height: 340 };
const plot = { left: 56, right: 16, top: 16, bottom: 52 };
const groups = 10;

/** A tenth of the pairs, by predicted risk. */
interface Group {
  readonly predicted: number;
  readonly lost: number;
  readonly low: number;
  readonly high: number;
}

/** Pairs in tenths by predicted risk, with the share that is lost and its 95 % interval (Wilson). */
export function calibrationGroups(scored: readonly Scored[]): Group[] {
  const sorted = scored.toSorted((a, b) => a.score - b.score);
  return Array.from({ length: groups }, (_, i) =>
    sorted.slice(Math.round((i * sorted.length) / groups), Math.round(((i + 1) * sorted.length) / groups)),
  )
    .filter(({ length }) => length > 0)
    .map((group) => {
      const lost = group.filter(({ isLost }) => isLost).length;
      const { low, high } = wilson({ passed: lost, samples: group.length });
      const predicted = group.reduce((sum, { score }) => sum + score, 0) / group.length;
      return { predicted, lost: lost / group.length, low, high };
    });
}

/** The groups as an SVG file that reads on light and dark pages; on the diagonal predictions are right. */
export function calibrationPlot(scored: readonly Scored[]): string {
  const across = (value: number): string => (plot.left + value * (size.width - plot.left - plot.right)).toFixed(1);
  const down = (value: number): string => (plot.top + (1 - value) * (size.height - plot.top - plot.bottom)).toFixed(1);
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1];
  const drawn = calibrationGroups(scored);
  const line = (kind: string, x1: number, y1: number, x2: number, y2: number): string =>
    `<line class="${kind}" x1="${across(x1)}" y1="${down(y1)}" x2="${across(x2)}" y2="${down(y2)}"/>`;
  const text = (x: number | string, y: number | string, anchor: string, words: string | number, more = ''): string =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}"${more}>${words}</text>`;
  const middle = { x: (plot.left + size.width - plot.right) / 2, y: (plot.top + size.height - plot.bottom) / 2 };
  return `<!-- Written by "npm run fit:risk": do not edit. -->
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}" role="img" aria-label="Share of pairs that are lost over predicted risk">
<style>
text { font: 12px system-ui, sans-serif; fill: #57606a; } line { stroke: #57606a; } .grid { stroke-opacity: .2; } .ideal { stroke-dasharray: 4 4; }
.group { stroke: #0969da; stroke-width: 1.5; } circle { fill: #0969da; } polyline { fill: none; stroke: #0969da; stroke-width: 2; }
@media (prefers-color-scheme: dark) { text { fill: #9198a1; } line { stroke: #9198a1; } .group, polyline { stroke: #4493f8; } circle { fill: #4493f8; } }
</style>
${ticks.map((tick) => `${line('grid', 0, tick, 1, tick)}${text(plot.left - 8, Number(down(tick)) + 4, 'end', tick)}${text(across(tick), size.height - plot.bottom + 18, 'middle', tick)}`).join('\n')}
${line('ideal', 0, 0, 1, 1)}
${drawn.map(({ predicted, low, high }) => line('group', predicted, low, predicted, high)).join('\n')}
<polyline points="${drawn.map(({ predicted, lost }) => `${across(predicted)},${down(lost)}`).join(' ')}"/>
${drawn.map(({ predicted, lost }) => `<circle cx="${across(predicted)}" cy="${down(lost)}" r="4"/>`).join('\n')}
${text(middle.x, size.height - 10, 'middle', 'Predicted risk, cross-validated by prompt (tenths of the pairs)')}
${text(0, 0, 'middle', 'Share that is lost, with 95 % interval', ` transform="translate(16 ${middle.y}) rotate(-90)"`)}
</svg>
`;
}
