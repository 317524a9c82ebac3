/** Connections that are dead without having ended. */
import { Problem } from "../api/problem";
import type { SseMessage } from "./sse";

/** A silent stream has a comment every 15 s; without any for so long, the connection is dead. */
export const SILENCE_MAX_MS = 45_000;

/** The same stream; when it has been silent for too long, its request is aborted. */
export async function* watched(stream: AsyncIterable<SseMessage[]>, request: AbortController): AsyncGenerator<SseMessage[]> {
  const silent = new Problem(0, "Silence", "the gateway has been silent for too long", "no_answer");
  const watch = () => setTimeout(() => request.abort(silent), SILENCE_MAX_MS);
  let timer = watch();
  try {
    for await (const messages of stream) {
      clearTimeout(timer);
      yield messages;
      timer = watch();
    }
  } finally {
    clearTimeout(timer);
  }
}
