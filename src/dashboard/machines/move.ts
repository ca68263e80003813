/**
 * The cell that an arrow key leads to; null if the key or its target is none of the grid's. Rows are what the browser
 * made of the space that there is, so up and down go by where cells are drawn.
 */
export function move(grid: HTMLElement, from: EventTarget, key: string): HTMLElement | null {
  if (!(from instanceof HTMLElement) || !from.classList.contains("cell")) return null;
  const cells = [...grid.querySelectorAll<HTMLElement>(".cell")];
  const at = cells.indexOf(from);
  switch (key) {
    case "ArrowRight":
      return cells[at + 1] ?? null;
    case "ArrowLeft":
      return cells[at - 1] ?? null;
    case "Home":
      return cells[0] ?? null;
    case "End":
      return cells.at(-1) ?? null;
    case "ArrowDown":
      return nearest(cells.slice(at + 1), from, (one, other) => one.top > other.top);
    case "ArrowUp":
      return nearest(cells.slice(0, at).toReversed(), from, (one, other) => one.top < other.top);
    default:
      return null;
  }
}

function nearest(
  cells: readonly HTMLElement[],
  from: HTMLElement,
  isBeyond: (one: DOMRect, other: DOMRect) => boolean,
): HTMLElement | null {
  const start = from.getBoundingClientRect();
  let row: number | null = null;
  let best: HTMLElement | null = null;
  let distance = Infinity;
  for (const cell of cells) {
    const box = cell.getBoundingClientRect();
    if (!isBeyond(box, start)) continue;
    row ??= box.top;
    if (box.top !== row) break;
    const away = Math.abs(box.left - start.left);
    if (away < distance) [best, distance] = [cell, away];
  }
  return best;
}
