/** Tokens and cost of language models: in all, and over time. */
import type { UsageRow } from "../lib/api/types";

/** A span of time that is shown, in hours or days as the API adds them up. */
export interface Span {
  label: string;
  bucket: "hour" | "day";
  buckets: number;
}

export const SPANS: Span[] = [
  { label: "24 hours", bucket: "hour", buckets: 24 },
  { label: "7 days", bucket: "hour", buckets: 168 },
  { label: "30 days", bucket: "day", buckets: 30 },
  { label: "365 days", bucket: "day", buckets: 365 },
];

const SECONDS = { hour: 3600, day: 86_400 };

/** The begin of each bucket of a span that ends now, in seconds since 1970. */
export function bucketsOf(span: Span, now = Date.now()): number[] {
  const width = SECONDS[span.bucket];
  const last = Math.floor(now / 1000 / width);
  return Array.from({ length: span.buckets }, (_, index) => (last - span.buckets + 1 + index) * width);
}

/** A moment as the API takes it. */
export function moment(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

/** What a line of the chart is of. */
export type Measure = "tokens" | "cost";

export interface Series {
  times: number[];
  /** Models, with the currency where cost is shown. */
  names: string[];
  /** Tokens, or units of the currency, for each name and time. */
  values: number[][];
}

/** A line for each model; nothing was used where there is no row. None without rows. */
export function seriesOf(rows: UsageRow[], times: number[], measure: Measure): Series | undefined {
  const positions = new Map(times.map((time, index) => [time, index]));
  const lines = new Map<string, number[]>();
  for (const row of rows) {
    const position = positions.get(Date.parse(row.start ?? "") / 1000);
    if (position === undefined || (measure === "cost" && !row.cost)) continue;
    const name = measure === "cost" && row.cost ? `${row.model} (${row.cost.currency})` : row.model;
    const line = lines.get(name) ?? new Array<number>(times.length).fill(0);
    line[position] = (line[position] ?? 0) + (measure === "cost" ? (row.cost?.micros ?? 0) / MICROS : row.input_tokens + row.output_tokens);
    lines.set(name, line);
  }
  const names = [...lines.keys()].sort();
  return names.length === 0 ? undefined : { times, names, values: names.map((name) => lines.get(name) ?? []) };
}

const MICROS = 1_000_000;

/** What a million tokens of a model cost, as the person has entered it: for systems without prices. */
export interface Price {
  input: number;
  output: number;
}

export type PriceOf = (model: string) => Price | undefined;

/** Whether the workers have a price of any model: then nobody has to enter prices here. */
export function hasCost(rows: UsageRow[]): boolean {
  return rows.some((row) => row.cost);
}

/** What a row cost: as its worker computed it, or without any such cost by the prices that were entered. */
export function costOf(row: UsageRow, priceOf?: PriceOf): string | undefined {
  if (row.cost) return money(row.cost.micros, row.cost.currency);
  const cost = enteredCost(row, priceOf);
  return cost === undefined ? undefined : money(cost * MICROS);
}

function enteredCost(row: UsageRow, priceOf: PriceOf | undefined): number | undefined {
  const price = priceOf?.(row.model);
  return price === undefined ? undefined : (row.input_tokens * price.input + row.output_tokens * price.output) / MICROS;
}

/** All tokens of some rows, and what those with a cost cost: an amount for each currency. */
export function totalOf(rows: UsageRow[], priceOf?: PriceOf): { tokens: number; cost: string | undefined } {
  let tokens = 0;
  const amounts = new Map<string, number>();
  const add = (currency: string, micros: number) => amounts.set(currency, (amounts.get(currency) ?? 0) + micros);
  const entered = hasCost(rows) ? undefined : priceOf;
  for (const row of rows) {
    tokens += row.input_tokens + row.output_tokens;
    const cost = enteredCost(row, entered);
    if (row.cost) add(row.cost.currency, row.cost.micros);
    else if (cost !== undefined) add("", cost * MICROS);
  }
  const costs = [...amounts].map(([currency, micros]) => money(micros, currency));
  return { tokens, cost: costs.length === 0 ? undefined : costs.join(" + ") };
}

/** An amount in millionths of a currency: two digits behind the point, or as many as a small one needs. */
export function money(micros: number, currency = ""): string {
  const digits = Math.abs(micros) >= MICROS || micros === 0 ? 2 : Math.abs(micros) >= MICROS / 100 ? 4 : 6;
  const amount = (micros / MICROS).toLocaleString(undefined, { minimumFractionDigits: Math.min(digits, 4), maximumFractionDigits: digits });
  return currency === "" ? amount : `${amount} ${currency}`;
}
