import { describe, expect, it } from "vitest";

import type { CloudEvent } from "../lib/api/types";
import { commits, event } from "../lib/live/events.fixture";
import { causesOf, effectsOf, traceOf } from "./chain";
import { EVERYTHING, filterInSlices, matcher, targetsOf } from "./filter";
import { summaryOf, toneOf } from "./kinds";
import { isAtEnd, ROW_HEIGHT, scrollFor, windowOf } from "./window";

describe("filters", () => {
  const posted = event("1.0", { type: "message.posted", sender: "guest", chat: "main", data: { text: "Hello there" } });
  const sent = event("2.0", { type: "myapp.order", sender: "till", target: "ada,bob", data: { id: 7 } });

  it("know types and the beginnings of types", () => {
    expect(matcher({ ...EVERYTHING, type: "message.*" })(posted)).toBe(true);
    expect(matcher({ ...EVERYTHING, type: "message.*" })(sent)).toBe(false);
    expect(matcher({ ...EVERYTHING, type: "myapp.order" })(sent)).toBe(true);
  });

  it("know senders, targets, chats and texts", () => {
    expect(targetsOf(sent)).toEqual(["ada", "bob"]);
    expect(matcher({ ...EVERYTHING, entity: "bob" })(sent)).toBe(true);
    expect(matcher({ ...EVERYTHING, entity: "bo" })(sent)).toBe(false);
    expect(matcher({ ...EVERYTHING, chat: "main" })(posted)).toBe(true);
    expect(matcher({ ...EVERYTHING, text: "HELLO" })(posted)).toBe(true);
    expect(matcher({ ...EVERYTHING, text: "nothing" })(posted)).toBe(false);
  });

  it("search a long log in pieces, and stop when asked", () => {
    const events = commits(...Array.from({ length: 1000 }, (_, index) => index));
    let time = 0;
    const waiting: (() => void)[] = [];
    const results: [number, boolean][] = [];
    const even = (one: CloudEvent) => Number(one.sequence.split(".")[0]) % 2 === 0;
    const start = () => filterInSlices(events, even, (found, isDone) => results.push([found.length, isDone]), (run) => waiting.push(run), () => (time += 5));
    start();
    expect(results.at(-1)?.[1]).toBe(false);
    while (waiting.length > 0) waiting.shift()?.();
    expect(results.at(-1)).toEqual([500, true]);
    const stop = start();
    stop();
    const before = results.length;
    waiting.shift()?.();
    expect(results.length).toBe(before);
  });
});

describe("the list", () => {
  it("draws what can be seen, and little more", () => {
    const drawn = windowOf(100_000, 50_000 * ROW_HEIGHT, 900);
    expect(drawn.begin).toBeLessThanOrEqual(50_000);
    expect(drawn.end).toBeGreaterThan(50_000 + 900 / ROW_HEIGHT);
    expect(drawn.end - drawn.begin).toBeLessThan(60);
    expect(drawn.height).toBe(100_000 * ROW_HEIGHT);
    expect(windowOf(0, 0, 900)).toMatchObject({ begin: 0, end: 0, height: 0 });
  });

  it("is followed at its end", () => {
    expect(isAtEnd(1000, 500, 1500)).toBe(true);
    expect(isAtEnd(900, 500, 1500)).toBe(false);
  });

  it("scrolls as little as is needed", () => {
    expect(scrollFor(10, 0, 600)).toBeUndefined();
    expect(scrollFor(30, 0, 600)).toBe(31 * ROW_HEIGHT - 600);
    expect(scrollFor(2, 300, 600)).toBe(2 * ROW_HEIGHT);
  });
});

describe("chains", () => {
  const first = event("1.0", { id: "a" });
  const second = event("2.0", { id: "b", causationid: "a" });
  const third = event("3.0", { id: "c", causationid: "b" });
  const all = [first, second, third];
  const find = (id: string) => all.find((one) => one.id === id);

  it("lead from the first cause to the direct effects", () => {
    expect(causesOf(third, find).map((one) => one.id)).toEqual(["a", "b"]);
    expect(effectsOf(second, all).map((one) => one.id)).toEqual(["c"]);
  });

  it("end where a cause is unknown, and in circles", () => {
    expect(causesOf(event("4.0", { causationid: "z" }), find)).toEqual([]);
    const circle = event("5.0", { id: "x", causationid: "x" });
    expect(causesOf(circle, () => circle)).toEqual([]);
  });

  it("know the trace", () => {
    expect(traceOf(event("1.0", { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" }))).toBe("0af7651916cd43dd8448eb211c80319c");
    expect(traceOf(first)).toBeUndefined();
  });
});

describe("rows", () => {
  it("have a tone and a line", () => {
    expect(toneOf(event("1.0", { type: "action.failed" }))).toBe("bad");
    expect(toneOf(event("1.0", { type: "interaction.ended", data: { status: "timed_out" } }))).toBe("bad");
    expect(toneOf(event("1.0", { type: "interaction.ended", data: { status: "completed" } }))).toBe("good");
    expect(toneOf(event("1.0", { type: "approval.requested" }))).toBe("wait");
    expect(toneOf(event("1.0", { type: "myapp.order" }))).toBe("own");
    expect(summaryOf(event("1.0", { type: "message.posted", data: { text: "a\nb" } }))).toBe("a b");
    expect(summaryOf(event("1.0", { data: null }))).toBe("");
  });
});
