import { describe, expect, it } from "vitest";

import type { Interaction, Session } from "../lib/api/types";
import { endedBy, hadEnded, type Page } from "./ended";

/** Requests of the commits 1 to `last`, each of which ended `later` commits after it; pages of 100. */
function log(last: number, later: number) {
  const reads: number[] = [];
  const read = async (after: string): Promise<Page<Interaction>> => {
    const begin = Number(after.split(".")[0]) + 1;
    reads.push(begin);
    const end = Math.min(last, begin + 99);
    const items = [];
    for (let seq = begin; seq <= end; seq += 1) items.push({ id: `i${seq}`, seq: seq + later } as Interaction);
    return { items, next: end < last ? `${end}.0` : null };
  };
  return { read, reads };
}

describe("interactions that had ended", () => {
  it("are those whose end is not after the commit, newest first", async () => {
    const { read } = log(5000, 10);
    const ended = await endedBy(read, { id: "w", firstSeq: 1, seq: 5010 }, 3000);
    expect(ended[0]?.id).toBe("i2990");
    expect(ended.every((one) => one.seq <= 3000)).toBe(true);
    expect(ended.length).toBeGreaterThanOrEqual(200);
  });

  it("are read from the last commits alone where these have enough", async () => {
    const { read, reads } = log(100_000, 0);
    await endedBy(read, { id: "w", firstSeq: 1, seq: 100_000 });
    expect(Math.min(...reads)).toBeGreaterThan(98_000);
    expect(reads.length).toBeLessThan(20);
  });

  it("are looked for to the first commit of the world where they are rare", async () => {
    const all = [{ id: "a", seq: 1003 }] as Interaction[];
    const read = async (after: string) => ({ items: Number(after) < 1002 ? all : [] });
    expect(await endedBy(read, { id: "w", firstSeq: 1001, seq: 90_000 })).toEqual(all);
    expect(await endedBy(read, { id: "w", firstSeq: 1001, seq: 90_000 }, 1002)).toEqual([]);
  });
});

it("a session had ended when its end is not after the time of the commit", () => {
  const session = { ended_at: "2026-01-01T00:00:05.000Z" } as Session;
  expect(hadEnded(session, "2026-01-01T00:00:05.000Z")).toBe(true);
  expect(hadEnded(session, "2026-01-01T00:00:04.999Z")).toBe(false);
  expect(hadEnded({} as Session, "2026-01-01T00:00:04.999Z")).toBe(false);
  expect(hadEnded(session, undefined)).toBe(true);
});
