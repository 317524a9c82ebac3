import { describe, expect, it } from "vitest";

import type { UsageRow } from "../lib/api/types";
import { SPANS, bucketsOf, costOf, hasCost, moment, money, seriesOf, totalOf } from "./usage";

const row = (model: string, tokens: number, micros?: number, start?: string): UsageRow => ({
  agent: "ada",
  model,
  answers: 1,
  input_tokens: tokens,
  output_tokens: 1,
  ...(micros === undefined ? {} : { cost: { micros, currency: "USD" } }),
  ...(start === undefined ? {} : { start }),
});

describe("usage over time", () => {
  const now = Date.parse("2026-02-01T12:30:00.000Z");

  it("is of whole hours or days that end now", () => {
    for (const span of SPANS) {
      const times = bucketsOf(span, now);
      expect(times).toHaveLength(span.buckets);
      expect(moment(times.at(-1) ?? 0)).toBe(span.bucket === "hour" ? "2026-02-01T12:00:00.000Z" : "2026-02-01T00:00:00.000Z");
    }
    expect(moment(bucketsOf(SPANS[0]!, now)[0] ?? 0)).toBe("2026-01-31T13:00:00.000Z");
  });

  it("is a line for each model, with zeros where nothing was used", () => {
    const times = bucketsOf({ label: "", bucket: "hour", buckets: 3 }, now);
    const rows = [
      row("b", 9, 500_000, "2026-02-01T10:00:00.000Z"),
      { ...row("b", 4, 250_000, "2026-02-01T10:00:00.000Z"), agent: "bob" },
      row("b", 4, undefined, "2026-02-01T10:00:00.000Z"),
      row("a", 19, undefined, "2026-02-01T12:00:00.000Z"),
      row("a", 99, 1, "2026-01-01T12:00:00.000Z"),
    ];
    expect(seriesOf(rows, times, "tokens")).toEqual({ times, names: ["a", "b"], values: [[0, 0, 20], [20, 0, 0]] });
    expect(seriesOf(rows, times, "cost")).toEqual({ times, names: ["b (USD)"], values: [[0.75, 0, 0]] });
    expect(seriesOf([], times, "tokens")).toBeUndefined();
    expect(seriesOf([row("a", 1, undefined, "2026-02-01T12:00:00.000Z")], times, "cost")).toBeUndefined();
  });
});

describe("cost", () => {
  const priced = (model: string) => (model === "known" ? { input: 1, output: 3 } : undefined);

  it("is that of the server, and that of entered prices only where the server has none", () => {
    const mixed = [row("known", 10, 1_500_000), row("known", 10)];
    expect(hasCost(mixed)).toBe(true);
    expect(totalOf(mixed, priced)).toEqual({ tokens: 22, cost: "1.50 USD" });
    const without = [row("known", 2_000_000), row("other", 10)];
    expect(hasCost(without)).toBe(false);
    expect(totalOf(without, priced)).toEqual({ tokens: 2_000_012, cost: "2.00" });
    expect(costOf(row("known", 1_000_000), priced)).toBe("1.00");
    expect(costOf(row("known", 1_000_000))).toBeUndefined();
    expect(costOf(row("other", 1), priced)).toBeUndefined();
    expect(totalOf([], priced)).toEqual({ tokens: 0, cost: undefined });
  });

  it("is never added up over currencies", () => {
    const euros = { ...row("a", 1), cost: { micros: 20_000, currency: "EUR" } };
    expect(totalOf([row("a", 1, 3_000_000), euros, row("b", 1, 500_000)]).cost).toBe("3.50 USD + 0.0200 EUR");
  });

  it("is shown with as many digits as a small amount needs", () => {
    expect([0, 68, 12_345, 1_000_000, 1_234_567_890].map((micros) => money(micros, "USD"))).toEqual([
      "0.00 USD",
      "0.000068 USD",
      "0.0123 USD",
      "1.00 USD",
      "1,234.57 USD",
    ]);
  });
});
