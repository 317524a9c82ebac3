import { describe, expect, it } from "vitest";

import type { Chunk } from "../api/types";
import { NO_ANSWERS as none, withChunks, withoutEnded } from "./answers";
import { Backfill, type Page } from "./backfill";
import { LONGEST_PAUSE_MS, pauseBefore } from "./backoff";
import { commits, event } from "./events.fixture";
import { FrameBatch } from "./frame";
import { countUpTo, EventLog, EVENTS_MAX } from "./log";
import { comparePositions, parsePosition } from "./position";
import { SseParser } from "./sse";

describe("positions", () => {
  it("are ordered by commit, then by event", () => {
    const sorted = ["10.0", "9.2", "9.10", "9.1", "100.0"].sort(comparePositions);
    expect(sorted).toEqual(["9.1", "9.2", "9.10", "10.0", "100.0"]);
  });

  it("without an event are the end of the commit", () => {
    expect(comparePositions("9", "9.999")).toBeGreaterThan(0);
    expect(comparePositions("9", "10.0")).toBeLessThan(0);
    expect(parsePosition("7.3")).toEqual({ seq: 7, index: 3 });
  });
});

describe("server-sent events", () => {
  const text = 'event: ready\ndata: {"position":"0"}\n\n: comment\n\nid: 1.0\nevent: a\ndata: one\ndata: two\n\n';

  it("are the same however the text is cut", () => {
    const whole = new SseParser().push(text);
    for (let size = 1; size < text.length; size += 1) {
      const parser = new SseParser();
      const pieces = [];
      for (let at = 0; at < text.length; at += size) pieces.push(...parser.push(text.slice(at, at + size)));
      expect(pieces).toEqual(whole);
    }
    expect(whole.map((message) => message.event)).toEqual(["ready", "comment", "a"]);
    expect(whole[2]).toEqual({ id: "1.0", event: "a", data: "one\ntwo" });
  });

  it("are not complete before the empty line", () => {
    expect(new SseParser().push("id: 1\ndata: x\n")).toEqual([]);
  });
});

describe("pauses", () => {
  it("grow to a limit, and are never none", () => {
    const longest = Array.from({ length: 20 }, (_, attempt) => pauseBefore(attempt + 1, () => 1));
    expect(longest.slice(0, 4)).toEqual([250, 500, 1000, 2000]);
    expect(Math.max(...longest)).toBe(LONGEST_PAUSE_MS);
    expect(pauseBefore(1, () => 0)).toBeGreaterThan(0);
  });
});

describe("the log", () => {
  it("takes each event once, at both ends", () => {
    const log = new EventLog();
    expect(log.append(commits(5, 6))).toBe(2);
    expect(log.append(commits(6, 7))).toBe(1);
    expect(log.prepend(commits(3, 4, 5))).toBe(2);
    expect(log.events.map((one) => one.sequence)).toEqual(["3.0", "4.0", "5.0", "6.0", "7.0"]);
    expect(log.shifted).toBe(2);
  });

  it("lets the oldest go when it is full, and knows that it is not whole any more", () => {
    const log = new EventLog();
    log.isWhole = true;
    log.append(Array.from({ length: EVENTS_MAX + 1 }, (_, index) => event(`${index}.0`)));
    expect(log.events.length).toBeLessThan(EVENTS_MAX);
    expect(log.isWhole).toBe(false);
    expect(log.last?.sequence).toBe(`${EVENTS_MAX}.0`);
  });

  it("counts what a commit includes", () => {
    const events = [event("2.0"), event("2.1"), event("7.0")];
    expect([1, 2, 6, 7, 9].map((seq) => countUpTo(events, seq))).toEqual([0, 2, 2, 3, 3]);
  });
});

describe("reading backwards", () => {
  /** A log of one world among others: its commits have large gaps. */
  function archive(seqs: number[]) {
    let reads = 0;
    const read = async (after: string): Promise<Page> => {
      reads += 1;
      const found = commits(...seqs).filter((one) => comparePositions(one.sequence, after) > 0);
      const events = found.slice(0, 1000);
      return { events, next: found.length > 1000 ? events[999]?.sequence : undefined };
    };
    return { read, reads: () => reads };
  }

  it.each([1, 7, 400, 50_000])("has every event once, with gaps of %i between commits", async (gap) => {
    const seqs = Array.from({ length: 3000 }, (_, index) => 10 + index * gap);
    const { read, reads } = archive(seqs);
    const backfill = new Backfill(read, 10);
    const log = new EventLog();
    log.append(commits(...seqs.slice(-50)));
    for (let round = 0; round < 50 && !log.isWhole; round += 1) {
      const { events, isWhole } = await backfill.before(log.first?.sequence ?? "0");
      log.prepend(events);
      log.isWhole = isWhole;
    }
    expect(log.events.map((one) => Number(one.sequence.split(".")[0]))).toEqual(seqs);
    expect(reads()).toBeLessThan(60);
  });

  it("does not read a dense log at once", async () => {
    const all = Array.from({ length: 60 }, (_, seq) => Array.from({ length: 500 }, (_, index) => event(`${seq + 10}.${index}`))).flat();
    let read = 0;
    const readPage = async (after: string): Promise<Page> => {
      const rest = all.filter((one) => comparePositions(one.sequence, after) > 0);
      read += Math.min(rest.length, 1000);
      return { events: rest.slice(0, 1000), next: rest.length > 1000 ? rest[999]?.sequence : undefined };
    };
    const { events, isWhole } = await new Backfill(readPage, 10).before("69.499");
    expect(isWhole).toBe(false);
    expect(events.length).toBeLessThanOrEqual(5000);
    expect(events.at(-1)?.sequence).toBe("69.498");
    expect(read).toBeLessThan(20_000);
  });

  it("finds a burst behind a long silence", async () => {
    const burst = Array.from({ length: 40 }, (_, seq) => Array.from({ length: 300 }, (_, index) => event(`${seq + 1000}.${index}`))).flat();
    const all = [...burst, event("900000.0")];
    const readPage = async (after: string): Promise<Page> => {
      const rest = all.filter((one) => comparePositions(one.sequence, after) > 0);
      return { events: rest.slice(0, 1000), next: rest.length > 1000 ? rest[999]?.sequence : undefined };
    };
    const backfill = new Backfill(readPage, 1000);
    const log = new EventLog();
    log.append(all.slice(-1));
    for (let round = 0; round < 60 && !log.isWhole; round += 1) {
      const { events, isWhole } = await backfill.before(log.first?.sequence ?? "0");
      log.prepend(events);
      log.isWhole = isWhole;
    }
    expect(log.events.length).toBe(all.length);
  });

  it("goes on within a commit", async () => {
    const many = Array.from({ length: 30 }, (_, index) => event(`5.${index}`));
    const read = async (after: string): Promise<Page> => ({ events: many.filter((one) => comparePositions(one.sequence, after) > 0) });
    const { events, isWhole } = await new Backfill(read, 5).before("5.20");
    expect(events.map((one) => one.sequence)).toEqual(many.slice(0, 20).map((one) => one.sequence));
    expect(isWhole).toBe(true);
  });
});

describe("frames", () => {
  it("get all that has arrived since the last one, in its order", () => {
    const frames: (() => void)[] = [];
    const flushed: number[][] = [];
    const batch = new FrameBatch<number>((items) => flushed.push(items), (run) => frames.push(run));
    batch.push([1]);
    batch.push([2, 3]);
    expect(frames).toHaveLength(1);
    frames.shift()?.();
    batch.push([4]);
    frames.shift()?.();
    expect(flushed).toEqual([[1, 2, 3], [4]]);
  });
});

describe("answers", () => {
  const chunk = (index: number, text: string, attempt = 1): Chunk => ({ invocation: "r", attempt, index, agent: "ada", chat: "main", text });

  it("are put together from pieces, of which none counts twice", () => {
    const answers = withChunks(withChunks(none, [chunk(0, "a"), chunk(1, "b")]), [chunk(1, "b"), chunk(2, "c")]);
    expect(answers.open.get("r")).toMatchObject({ text: "abc", hasGap: false, chat: "main" });
  });

  it("begin anew with another attempt, and leave the old one's late pieces out", () => {
    const answers = withChunks(none, [chunk(0, "old"), chunk(0, "new", 2), chunk(1, " late", 1)]);
    expect(answers.open.get("r")?.text).toBe("new");
  });

  it("say when a piece was lost", () => {
    expect(withChunks(none, [chunk(0, "a"), chunk(2, "c")]).open.get("r")).toMatchObject({ text: "ac", hasGap: true });
  });

  it("end with their run", () => {
    const answers = withChunks(none, [chunk(0, "a")]);
    expect(withoutEnded(answers, [event("1.0")])).toBe(answers);
    const ended = event("2.0", { type: "action.completed", data: { invocation: "r" } });
    expect(withoutEnded(answers, [ended]).open.size).toBe(0);
  });

  it("do not begin again with a piece that comes after the end of its run", () => {
    const ended = event("2.0", { type: "action.completed", data: { invocation: "r" } });
    const late = withChunks(withoutEnded(withChunks(none, [chunk(0, "a")]), [ended]), [chunk(1, "b")]);
    expect(late.open.size).toBe(0);
    expect(withChunks(withoutEnded(none, [ended]), [chunk(0, "a")]).open.size).toBe(0);
  });
});
