import { describe, expect, it } from "vitest";

import { Problem } from "../api/problem";
import type { CloudEvent } from "../api/types";
import { event } from "./events.fixture";
import { Follower, type Sink, type Source, type Status } from "./follow";
import { comparePositions } from "./position";
import type { SseMessage } from "./sse";

/** What one connection does: messages in batches, then its end or a failure. */
type Connection = { batches: SseMessage[][]; fails?: unknown };

class Server implements Source {
  opened: string[] = [];
  pauses: number[] = [];
  constructor(
    private readonly connections: (Connection | Problem)[],
    private readonly controller: AbortController,
  ) {}

  async open(after: string): Promise<AsyncIterable<SseMessage[]>> {
    this.opened.push(after);
    const next = this.connections.shift();
    if (next === undefined) {
      this.controller.abort();
      return stream({ batches: [] });
    }
    if (next instanceof Problem) throw next;
    return stream(next);
  }

  async pause(milliseconds: number): Promise<void> {
    this.pauses.push(milliseconds);
  }

  now = () => 1000;
}

async function* stream({ batches, fails }: Connection): AsyncGenerator<SseMessage[]> {
  for (const batch of batches) yield batch;
  if (fails !== undefined) throw fails;
}

class Page implements Sink {
  got: string[] = [];
  chunkTexts: string[] = [];
  statuses: Status[] = [];
  resets = 0;
  events = (events: CloudEvent[]) => void this.got.push(...events.map((one) => one.sequence));
  chunks = (chunks: { text: string }[]) => void this.chunkTexts.push(...chunks.map((chunk) => chunk.text));
  status = (status: Status) => void this.statuses.push(status);
  reset = () => void (this.resets += 1);
}

const ready = (position: string, complete = true): SseMessage => ({ id: undefined, event: "ready", data: JSON.stringify({ position, complete }) });
const sent = (sequence: string): SseMessage => ({ id: sequence, event: "myapp.test", data: JSON.stringify(event(sequence)) });

async function follow(after: string, ...connections: (Connection | Problem)[]) {
  const controller = new AbortController();
  const server = new Server(connections, controller);
  const page = new Page();
  const follower = new Follower(server, page, after);
  await follower.run(controller.signal);
  return { server, page, follower };
}

describe("a follower", () => {
  it("goes on behind the last event that it got", async () => {
    const { server, page } = await follow(
      "3.1",
      { batches: [[ready("3.1"), sent("4.0"), sent("4.1")], [sent("9.0")]] },
      { batches: [[ready("9.0"), sent("12.0")]] },
    );
    expect(server.opened).toEqual(["3.1", "9.0", "12.0"]);
    expect(page.got).toEqual(["4.0", "4.1", "9.0", "12.0"]);
  });

  it("takes no event twice, whatever the gateway repeats", async () => {
    const { page } = await follow(
      "0",
      { batches: [[ready("0"), sent("4.0"), sent("4.1")]] },
      { batches: [[ready("0"), sent("4.0"), sent("4.1"), sent("4.2"), sent("4.2")]] },
    );
    expect(page.got).toEqual(["4.0", "4.1", "4.2"]);
  });

  it("goes on within a commit that was cut", async () => {
    const { server, page } = await follow("0", { batches: [[ready("0"), sent("4.9")]] }, { batches: [[ready("4.9"), sent("4.10")]] });
    expect(server.opened[1]).toBe("4.9");
    expect(page.got).toEqual(["4.9", "4.10"]);
  });

  it("waits longer after each failure, and begins anew once it was connected", async () => {
    const lost = new Problem(503, "Service Unavailable", "no world service", "unavailable");
    const { server, page } = await follow("0", lost, lost, lost, { batches: [[ready("0")]] }, lost);
    expect(server.pauses).toHaveLength(5);
    const [first = 0, second = 0, third = 0, afterLive = 0] = server.pauses;
    expect(first).toBeLessThanOrEqual(250);
    expect(second).toBeLessThanOrEqual(500);
    expect(third).toBeGreaterThanOrEqual(500);
    expect(afterLive).toBeLessThanOrEqual(250);
    const waiting = page.statuses.filter((status) => status.state === "waiting");
    expect(waiting.map((status) => status.attempt)).toEqual([1, 2, 3, 1, 2]);
    expect(waiting[0]?.reason).toBe("no world service");
  });

  it("connects again after a network error in the middle of a stream", async () => {
    const { server, page } = await follow("0", { batches: [[ready("0"), sent("1.0")]], fails: new TypeError("network error") }, { batches: [[ready("1.0"), sent("2.0")]] });
    expect(server.opened).toEqual(["0", "1.0", "2.0"]);
    expect(page.got).toEqual(["1.0", "2.0"]);
  });

  it("connects again when the gateway closes the stream, and says why", async () => {
    const closed: SseMessage = { id: undefined, event: "error", data: '{"code":1013,"reason":"the client is too slow"}' };
    const { page } = await follow("0", { batches: [[ready("0"), sent("1.0"), closed]] });
    expect(page.statuses.find((status) => status.state === "waiting")).toMatchObject({ reason: "the client is too slow" });
    expect(page.got).toEqual(["1.0"]);
  });

  it("stops where trying again makes no sense", async () => {
    const { server, page } = await follow("0", new Problem(404, "Not Found", "there is no world w", "unknown_world"));
    expect(server.opened).toEqual(["0"]);
    expect(page.statuses.at(-1)).toMatchObject({ state: "stopped" });
  });

  it("begins anew when the log is another one", async () => {
    const { server, page } = await follow("90.0", { batches: [[ready("0", false), sent("2.0")]] });
    expect(page.resets).toBe(1);
    expect(page.got).toEqual(["2.0"]);
    expect(server.opened).toEqual(["90.0", "2.0"]);
  });

  it("hands pieces of answers on without keeping a position for them", async () => {
    const chunk: SseMessage = { id: undefined, event: "chunk", data: '{"invocation":"r","attempt":1,"index":0,"agent":"a","text":"hi"}' };
    const { page, follower } = await follow("5.0", { batches: [[ready("5.0"), chunk]] });
    expect(page.chunkTexts).toEqual(["hi"]);
    expect(follower.position).toBe("5.0");
  });

  it("misses nothing and repeats nothing over any series of cuts", async () => {
    const log = Array.from({ length: 200 }, (_, index) => `${Math.floor(index / 3) + 1}.${index % 3}`);
    let random = 7;
    const next = (max: number) => (random = (random * 1103515245 + 12345) % 2147483648) % max;
    const controller = new AbortController();
    const page = new Page();
    const source: Source = {
      async open(after) {
        const rest = log.filter((position) => comparePositions(position, after) > 0);
        if (rest.length === 0) controller.abort();
        // Some events before the position come again, and the connection is cut anywhere.
        const from = Math.max(0, log.length - rest.length - next(4));
        const part = log.slice(from, from + 1 + next(20));
        return stream({ batches: [[ready(after)], part.map(sent)], fails: next(2) === 0 ? new TypeError("cut") : undefined });
      },
      pause: async () => undefined,
      now: () => 0,
    };
    await new Follower(source, page, "0").run(controller.signal);
    expect(page.got).toEqual(log);
  });
});
