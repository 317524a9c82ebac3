/** Curves between boxes, as the `d` of an SVG path. */
import type { Point } from "./layered";

/** A curve through points, from the border of the first box to that of the second. */
export function curve(points: Point[], from: { height: number; width: number }, to: { height: number; width: number }): string {
  const [first, ...rest] = points;
  const last = rest[rest.length - 1];
  if (first === undefined || last === undefined) return "";
  if (first.x === last.x && first.y === last.y) return loop(first, from.width, from.height);
  const isDown = last.y > first.y;
  const start = { x: first.x, y: first.y + (isDown ? 1 : -1) * (from.height / 2) };
  const end = { x: last.x, y: last.y - (isDown ? 1 : -1) * (to.height / 2 + 5) };
  const way = [start, ...rest.slice(0, -1), end];
  let path = `M${n(start.x)} ${n(start.y)}`;
  for (let index = 1; index < way.length; index += 1) {
    const [a, b] = [way[index - 1]!, way[index]!];
    const middle = (a.y + b.y) / 2;
    path += ` C${n(a.x)} ${n(middle)} ${n(b.x)} ${n(middle)} ${n(b.x)} ${n(b.y)}`;
  }
  return path;
}

function loop(at: Point, width: number, height: number): string {
  const x = at.x + width / 2;
  return `M${n(x)} ${n(at.y - height / 4)} C${n(x + 28)} ${n(at.y - height)} ${n(x + 28)} ${n(at.y + height)} ${n(x + 5)} ${n(at.y + height / 4)}`;
}

function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}
