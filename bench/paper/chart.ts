import { Html, page } from '../../src/analyzer/formats/markup.ts';

export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly sem?: number | null }[];
  /** Drawn thin and grey: what the others are compared with. */
  readonly isReference?: boolean;
}

export interface Chart {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly caption: string;
  readonly series: readonly Series[];
  /** Lowest and highest value of the y axis. */
  readonly y: readonly [low: number, high: number];
  /** 0 to 1 unless given. */
  readonly x?: readonly [low: number, high: number];
}

const size = { width: 380, height: 250 };
const plot = { left: 46, right: 8, top: 8, bottom: 40 };
/** Series are told apart by colour, dashes and marker, so that no reader depends on one of them. */
const dashes = ['', '6 3', '2 3', '8 3 2 3', '1 2'];
const colours = 10;

/** Lines with standard errors as an inline SVG, its legend, and the same numbers as a table. */
export function lineChart(chart: Chart): Html {
  const { title, xTitle, yTitle, caption, series, y, x = [0, 1] } = chart;
  const across = (value: number): number =>
    plot.left + ((value - x[0]) / (x[1] - x[0])) * (size.width - plot.left - plot.right);
  const down = (value: number): number =>
    plot.top +
    (1 - (Math.min(y[1], Math.max(y[0], value)) - y[0]) / (y[1] - y[0])) * (size.height - plot.top - plot.bottom);
  const ticks = ([low, high]: readonly [number, number]): number[] =>
    Array.from({ length: 6 }, (_, i) => low + ((high - low) * i) / 5);
  const bottom = size.height - plot.bottom;
  return page`<figure><svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${title}. ${yTitle} over ${xTitle}; numbers in the table below."><title>${title}</title>
${ticks(y).map(
  (value) =>
    page`<line class="grid" x1="${plot.left}" x2="${size.width - plot.right}" y1="${at(down(value))}" y2="${at(down(value))}"/><text class="tick" x="${plot.left - 5}" y="${at(down(value) + 3.5)}" text-anchor="end">${tickText(value)}</text>`,
)}${ticks(x).map(
    (value) =>
      page`<text class="tick" x="${at(across(value))}" y="${bottom + 14}" text-anchor="middle">${tickText(value)}</text>`,
  )}
<text class="axis" x="${(plot.left + size.width - plot.right) / 2}" y="${size.height - 6}" text-anchor="middle">${xTitle}</text>
<text class="axis" transform="translate(11 ${(plot.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${yTitle}</text>
${series.map(({ points, isReference }, i) => {
  const drawn = points.map((point) => ({ ...point, left: at(across(point.x)), top: at(down(point.y)) }));
  return page`<g class="${styleOf(i, isReference)}"><polyline points="${drawn.map(({ left, top }) => `${left},${top}`).join(' ')}" ${dashOf(i)}/>${drawn.map(
    ({ x: value, y: level, sem, left, top }) =>
      page`${sem === undefined || sem === null || sem === 0 ? new Html('') : page`<line x1="${at(across(value))}" x2="${at(across(value))}" y1="${at(down(level - sem))}" y2="${at(down(level + sem))}"/>`}${isReference === true ? new Html('') : marker(i, left, top)}`,
  )}</g>
`;
})}</svg>
<figcaption><b>${title}.</b> ${caption}</figcaption>
<ul class="legend">${series.map(
    ({ name, isReference }, i) =>
      page`<li class="${styleOf(i, isReference)}"><svg viewBox="0 0 30 10" aria-hidden="true"><polyline points="0,5 30,5" ${dashOf(i)}/>${isReference === true ? new Html('') : marker(i, 15, 5)}</svg>${name}</li>`,
  )}</ul>
${numbers(chart)}</figure>
`;
}

/** The chart's numbers, for who cannot or does not want to read lines. */
function numbers({ title, xTitle, series }: Chart): Html {
  const columns = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  return page`<details><summary>Numbers</summary><div class="scroll" tabindex="0" role="region" aria-label="${title}, numbers"><table><thead><tr><th scope="col">${xTitle}</th>${columns.map((value) => page`<th scope="col">${tickText(value)}</th>`)}</tr></thead>
<tbody>${series.map(
    ({ name, points }) => page`<tr><th scope="row">${name}</th>${columns.map((value) => {
      const point = points.find(({ x }) => x === value);
      const sem = point?.sem;
      return page`<td class="number">${point === undefined ? '' : point.y.toFixed(3)}${sem === undefined || sem === null ? '' : ` ± ${sem.toFixed(3)}`}</td>`;
    })}</tr>
`,
  )}</tbody></table></div></details>`;
}

const styleOf = (index: number, isReference = false): string => (isReference ? 'reference' : `s${index % colours}`);
const dashOf = (index: number): Html => {
  const dash = dashes[index % dashes.length]!;
  return dash === '' ? new Html('') : page`stroke-dasharray="${dash}"`;
};
const at = (value: number): number => Math.round(10 * value) / 10;
const tickText = (value: number): string => String(Math.round(1000 * value) / 1000);

function marker(index: number, x: number, y: number): Html {
  switch (index % 4) {
    case 0:
      return page`<circle cx="${x}" cy="${y}" r="3"/>`;
    case 1:
      return page`<rect x="${at(x - 2.7)}" y="${at(y - 2.7)}" width="5.4" height="5.4"/>`;
    case 2:
      return page`<path d="M${x} ${at(y - 3.6)}l3.6 6.4h-7.2z"/>`;
    default:
      return page`<path d="M${x} ${at(y - 3.9)}l3.9 3.9l-3.9 3.9l-3.9 -3.9z"/>`;
  }
}

/** Ten hues with a contrast of at least 3:1 to the page, in light and dark. */
export const chartStyle = `
:root { --c0: #0550ae; --c1: #b3141d; --c2: #116329; --c3: #8250df; --c4: #9a5b00; --c5: #0a7285; --c6: #bf3989; --c7: #4d5359; --c8: #6b6a00; --c9: #953800; }
@media (prefers-color-scheme: dark) { :root { --c0: #79b8ff; --c1: #ff938a; --c2: #6fdd8b; --c3: #d2a8ff; --c4: #e9b44c; --c5: #56d4dd; --c6: #ff9bce; --c7: #b1bac4; --c8: #d8d56a; --c9: #ffb77c; } }
figure { margin: 0; min-width: 0; } figure > svg { width: 100%; height: auto; display: block; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(22rem, 1fr)); gap: 1.5rem; } @media (max-width: 26rem) { .figures { grid-template-columns: 1fr; } }
figcaption { font-size: .85rem; } .grid { stroke: var(--line); stroke-width: 1; } .tick { font: 10px system-ui, sans-serif; fill: var(--faint); } .axis { font: 11px system-ui, sans-serif; fill: var(--text); }
.legend { list-style: none; padding: 0; margin: .4rem 0; display: flex; flex-wrap: wrap; gap: .1rem .9rem; font-size: .82rem; } .legend svg { width: 30px; height: 10px; margin-right: .3rem; }
polyline { fill: none; stroke-width: 1.8; } .reference polyline { stroke: var(--faint); stroke-width: 1.2; }
${Array.from({ length: colours }, (_, i) => `.s${i} polyline, .s${i} line { stroke: var(--c${i}); } .s${i} circle, .s${i} rect, .s${i} path { fill: var(--c${i}); stroke: none; }`).join('\n')}
`;
