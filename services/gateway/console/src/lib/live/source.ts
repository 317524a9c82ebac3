/** Streams of events over `fetch`. */
import { addressOf, send } from "../api/client";
import { Problem } from "../api/problem";
import { SILENCE_MAX_MS, type Source } from "./follow";
import { readSse, type SseMessage } from "./sse";

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

/** Ends a stream that has been silent for too long. */
async function* watched(stream: AsyncGenerator<SseMessage[]>, silence: AbortController): AsyncGenerator<SseMessage[]> {
  const rest = () => setTimeout(() => silence.abort(new Problem(0, "Silence", "the stream is silent", "no_answer")), SILENCE_MAX_MS);
  let timer = rest();
  try {
    for await (const messages of stream) {
      clearTimeout(timer);
      yield messages;
      timer = rest();
    }
  } finally {
    clearTimeout(timer);
  }
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
