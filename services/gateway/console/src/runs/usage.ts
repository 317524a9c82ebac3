/** Tokens over time, from the ends of runs. */
import type { CloudEvent, UsageRow } from "../lib/api/types";

export interface Tokens {
  model: string;
  agent: string;
  input: number;
  output: number;
}

/** What a run has used, when its end says so. */
export function tokensOf(event: CloudEvent): Tokens | undefined {
  const usage = (event.data as { usage?: { model?: string; input_tokens?: number; output_tokens?: number } } | null)?.usage;
  if (usage === undefined || usage === null) return undefined;
  return { model: usage.model ?? "", agent: event.sender, input: usage.input_tokens ?? 0, output: usage.output_tokens ?? 0 };
}

export interface Series {
  /** Seconds since 1970, the begin of each bucket. */
  times: number[];
  models: string[];
  /** The tokens of each model in each bucket. */
  tokens: number[][];
}

const BUCKETS = 48;
const WIDTHS = [1, 5, 15, 60, 300, 900, 3600, 10_800, 43_200, 86_400, 604_800];

export function tokensOverTime(events: CloudEvent[]): Series | undefined {
  const used = events.flatMap((event) => {
    const tokens = tokensOf(event);
    return tokens === undefined ? [] : [{ at: Date.parse(event.time) / 1000, ...tokens }];
  });
  const first = used[0];
  const last = used[used.length - 1];
  if (first === undefined || last === undefined) return undefined;
  const span = Math.max(1, last.at - first.at);
  const width = WIDTHS.find((one) => span / one <= BUCKETS) ?? span / BUCKETS;
  const begin = Math.floor(first.at / width);
  const amount = Math.floor(last.at / width) - begin + 1;
  const models = [...new Set(used.map((one) => one.model))].sort();
  const tokens = models.map(() => new Array<number>(amount).fill(0));
  for (const one of used) {
    const row = tokens[models.indexOf(one.model)];
    const bucket = Math.floor(one.at / width) - begin;
    if (row !== undefined) row[bucket] = (row[bucket] ?? 0) + one.input + one.output;
  }
  return { times: Array.from({ length: amount }, (_, index) => (begin + index) * width), models, tokens };
}

/** What a million tokens of a model cost, as the person has entered it. */
export interface Price {
  input: number;
  output: number;
}

export function costOf(tokens: { input_tokens: number; output_tokens: number }, price: Price | undefined): number | undefined {
  if (price === undefined) return undefined;
  return (tokens.input_tokens * price.input + tokens.output_tokens * price.output) / 1_000_000;
}

/** All tokens of some rows, and what those with a price cost. */
export function totalOf(rows: UsageRow[], priceOf: (model: string) => Price | undefined): { tokens: number; cost: number | undefined } {
  let tokens = 0;
  let cost: number | undefined;
  for (const row of rows) {
    tokens += row.input_tokens + row.output_tokens;
    const own = costOf(row, priceOf(row.model));
    if (own !== undefined) cost = (cost ?? 0) + own;
  }
  return { tokens, cost };
}
