/**
 * Roving focus over a grid: one cell is in the tab order, arrow keys, Home and End (with Control: of the whole grid) move
 * between cells. Enter and Space stay with the cells.
 */
export function roveFocus(cells: readonly (readonly HTMLElement[])[], start: readonly [number, number]): void {
  const place = (row: number, column: number): HTMLElement | undefined => cells[row]?.[column];
  let current = place(...start) ?? place(0, 0);
  for (const cell of cells.flat()) cell.tabIndex = cell === current ? 0 : -1;

  const become = (cell: HTMLElement): void => {
    if (current !== undefined) current.tabIndex = -1;
    cell.tabIndex = 0;
    current = cell;
  };

  cells.forEach((row, rowIndex) => {
    row.forEach((cell, columnIndex) => {
      cell.addEventListener('focus', () => become(cell));
      cell.addEventListener('keydown', (event) => {
        const target = targetOf(event, rowIndex, columnIndex, cells.length - 1, row.length - 1);
        if (target === undefined) return;
        event.preventDefault();
        place(...target)?.focus();
      });
    });
  });
}

function targetOf(
  { key, ctrlKey, metaKey }: KeyboardEvent,
  row: number,
  column: number,
  lastRow: number,
  lastColumn: number,
): [number, number] | undefined {
  const whole = ctrlKey || metaKey;
  switch (key) {
    case 'ArrowLeft':
      return [row, Math.max(0, column - 1)];
    case 'ArrowRight':
      return [row, Math.min(lastColumn, column + 1)];
    case 'ArrowUp':
      return [Math.max(0, row - 1), column];
    case 'ArrowDown':
      return [Math.min(lastRow, row + 1), column];
    case 'Home':
      return [whole ? 0 : row, 0];
    case 'End':
      return [whole ? lastRow : row, lastColumn];
    default:
      return undefined;
  }
}
