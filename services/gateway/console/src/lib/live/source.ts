/** Streams of events over `fetch`. */
import { addressOf, send } from "../api/client";
import { Problem } from "../api/problem";
import type { Source } from "./follow";
import { watched } from "./silence";
import { readSse } from "./sse";

export function worldSource(world: string): Source {
  return {
    async open(after, signal) {
      const path = "/v1/worlds/{world}/events/stream";
      const address = addressOf(path, { world }, { after, live: true });
      const silence = new AbortController();
      const stop = () => silence.abort(signal.reason);
      signal.addEventListener("abort", stop, { once: true });
      const response = await send("get", address, undefined, silence.signal);
      if (response.body === null) throw new Problem(0, "No stream", "the answer has no body", "no_answer");
      return watched(readSse(response.body), silence);
    },
    pause: pauseUntilOnline,
    now: () => Date.now(),
  };
}

/** A page that comes back to the front, or to the network, does not wait for the end of the pause. */
function pauseUntilOnline(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      document.removeEventListener("visibilitychange", visible);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const visible = () => {
      if (!document.hidden) end();
    };
    const timer = setTimeout(end, milliseconds);
    addEventListener("online", end);
    document.addEventListener("visibilitychange", visible);
    signal.addEventListener("abort", end);
  });
}
