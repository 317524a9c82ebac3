import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { SILENCE_MAX_MS, watched } from "./silence";
import type { SseMessage } from "./sse";

const comment: SseMessage = { id: undefined, event: "comment", data: "" };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("gives a stream up that is silent, and leaves one alone that has comments", async () => {
  const request = new AbortController();
  let send: (messages: SseMessage[]) => void = () => undefined;
  async function* stream(): AsyncGenerator<SseMessage[]> {
    for (;;) {
      yield await new Promise<SseMessage[]>((resolve, reject) => {
        send = resolve;
        request.signal.addEventListener("abort", () => reject(request.signal.reason));
      });
    }
  }
  const reader = watched(stream(), request);
  for (let round = 0; round < 3; round += 1) {
    const next = reader.next();
    await vi.advanceTimersByTimeAsync(SILENCE_MAX_MS - 1000);
    expect(request.signal.aborted).toBe(false);
    send([comment]);
    expect((await next).value).toEqual([comment]);
  }
  const lost = reader.next().catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(SILENCE_MAX_MS + 1);
  expect(request.signal.aborted).toBe(true);
  expect(await lost).toMatchObject({ isTransient: true, detail: "the gateway has been silent for too long" });
});
