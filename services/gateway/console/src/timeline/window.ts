/** Which rows of a long list are in the document: those that can be seen, and some around them. */
export const ROW_HEIGHT = 30;
const AROUND = 8;
/** Browsers do not lay out elements that are taller than some 16 million pixels. */
export const HEIGHT_MAX = 15_000_000;

export interface Window {
  /** The first row that is drawn, and the one behind the last. */
  begin: number;
  end: number;
  /** Where the first row is. */
  top: number;
  /** How tall the list is. */
  height: number;
}

export function windowOf(rows: number, scrollTop: number, viewHeight: number): Window {
  const height = Math.min(rows * ROW_HEIGHT, HEIGHT_MAX);
  const first = Math.max(0, Math.min(Math.floor(scrollTop / ROW_HEIGHT), rows - 1));
  const begin = Math.max(0, first - AROUND);
  const end = Math.min(rows, first + Math.ceil(viewHeight / ROW_HEIGHT) + AROUND);
  return { begin, end, top: begin * ROW_HEIGHT, height };
}

/** Whether the end of the list can be seen: then it is followed. */
export function isAtEnd(scrollTop: number, viewHeight: number, height: number): boolean {
  return scrollTop + viewHeight >= height - ROW_HEIGHT;
}

/** Where to scroll so that a row can be seen, or nothing when it can. */
export function scrollFor(row: number, scrollTop: number, viewHeight: number): number | undefined {
  const top = row * ROW_HEIGHT;
  if (top < scrollTop) return top;
  if (top + ROW_HEIGHT > scrollTop + viewHeight) return top + ROW_HEIGHT - viewHeight;
  return undefined;
}
