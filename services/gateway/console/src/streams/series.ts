/** Samples as lines of a chart. */
import type { Sample, Stream } from "../lib/api/types";

/** More lines than this can't be distinguished. */
export const LINES_MAX = 6;

/** The values of each line over the positions; nothing when the samples are no numbers. */
export function linesOf(samples: Sample[]): { positions: number[]; lines: (number | null)[][] } | undefined {
  const first = samples.find((sample) => numbersOf(sample.value).length > 0);
  if (first === undefined) return undefined;
  const width = Math.min(numbersOf(first.value).length, LINES_MAX);
  const positions = samples.map((sample) => sample.position);
  const lines = Array.from({ length: width }, (_, line) => samples.map((sample) => numbersOf(sample.value)[line] ?? null));
  return { positions, lines };
}

/** The first numbers of a value, in the order of its places. */
export function numbersOf(value: unknown): number[] {
  if (typeof value === "number") return Number.isFinite(value) ? [value] : [];
  if (!Array.isArray(value)) return [];
  const numbers: number[] = [];
  for (const part of value) {
    numbers.push(...numbersOf(part));
    if (numbers.length >= LINES_MAX) break;
  }
  return numbers.slice(0, LINES_MAX);
}

export function typeText(stream: Stream): string {
  const type = stream.type as string | { tensor: { shape: number[] } };
  return typeof type === "string" ? type : `tensor ${type.tensor.shape.join(" × ")}`;
}

/** A line through values in a box, as the `d` of an SVG path. */
export function sparkline(values: (number | null)[], width: number, height: number): string {
  const known = values.filter((value): value is number => value !== null);
  if (known.length < 2) return "";
  const least = Math.min(...known);
  const range = Math.max(...known) - least || 1;
  const step = width / (values.length - 1);
  let path = "";
  let isGap = true;
  values.forEach((value, index) => {
    if (value === null) {
      isGap = true;
      return;
    }
    const y = height - ((value - least) / range) * height;
    path += `${isGap ? "M" : "L"}${(index * step).toFixed(1)} ${y.toFixed(1)}`;
    isGap = false;
  });
  return path;
}
