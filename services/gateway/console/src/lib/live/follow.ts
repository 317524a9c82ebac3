/** Follows a world: one stream after another, each from the position that the last one reached. */
import type { Chunk, CloudEvent } from "../api/types";
import { Problem, asProblem } from "../api/problem";
import { pauseBefore } from "./backoff";
import { comparePositions } from "./position";
import type { SseMessage } from "./sse";

export type Status =
  | { state: "connecting" }
  | { state: "live" }
  | { state: "waiting"; attempt: number; until: number; reason: string }
  | { state: "stopped"; problem: Problem };

/** What following needs of its surroundings. */
export interface Source {
  /** Opens a stream behind a position. It throws a `Problem`. */
  open(after: string, signal: AbortSignal): Promise<AsyncIterable<SseMessage[]>>;
  /** Resolves after this time, or earlier when there is reason to hurry. */
  pause(milliseconds: number, signal: AbortSignal): Promise<void>;
  now(): number;
}

export interface Sink {
  /** Events in the order of the log, each once. */
  events(events: CloudEvent[]): void;
  chunks(chunks: Chunk[]): void;
  status(status: Status): void;
  /** The log is another one than before: everything is read again. */
  reset(): void;
}

export class Follower {
  #position: string;
  #attempt = 0;

  constructor(
    private readonly source: Source,
    private readonly sink: Sink,
    after: string,
  ) {
    this.#position = after;
  }

  /** The position behind which the next stream begins. */
  get position(): string {
    return this.#position;
  }

  /** Goes on until it is aborted, or the gateway refuses for good. */
  async run(signal: AbortSignal): Promise<void> {
    this.sink.status({ state: "connecting" });
    while (!signal.aborted) {
      const reason = await this.#once(signal);
      if (signal.aborted || reason === undefined) return;
      this.#attempt += 1;
      const pause = pauseBefore(this.#attempt);
      const until = this.source.now() + pause;
      this.sink.status({ state: "waiting", attempt: this.#attempt, until, reason });
      await this.source.pause(pause, signal);
    }
  }

  /** One stream, to its end. Returns why another has to follow, or nothing when none may. */
  async #once(signal: AbortSignal): Promise<string | undefined> {
    try {
      const stream = await this.source.open(this.#position, signal);
      for await (const messages of stream) {
        if (signal.aborted) return undefined;
        const closed = this.#take(messages);
        if (closed !== undefined) return closed;
      }
      return "the gateway ended the stream";
    } catch (error) {
      if (signal.aborted) return undefined;
      const problem = asProblem(error);
      if (problem.isTransient) return problem.message;
      this.sink.status({ state: "stopped", problem });
      return undefined;
    }
  }

  #take(messages: SseMessage[]): string | undefined {
    const events: CloudEvent[] = [];
    const chunks: Chunk[] = [];
    let closed: string | undefined;
    for (const message of messages) {
      if (message.event === "ready") this.#ready(message.data);
      else if (message.event === "error") closed = reasonOf(message.data);
      else if (message.event === "chunk") chunks.push(JSON.parse(message.data) as Chunk);
      else if (message.id !== undefined && comparePositions(message.id, this.#position) > 0) {
        this.#position = message.id;
        events.push(JSON.parse(message.data) as CloudEvent);
      }
    }
    if (events.length > 0) this.sink.events(events);
    if (chunks.length > 0) this.sink.chunks(chunks);
    return closed;
  }

  #ready(data: string): void {
    const start = JSON.parse(data) as { position: string; complete: boolean };
    this.#attempt = 0;
    // The world is another one of this name, or its log was restored: what is shown is not of it.
    if (!start.complete) {
      this.#position = start.position;
      this.sink.reset();
    }
    this.sink.status({ state: "live" });
  }
}

function reasonOf(data: string): string {
  try {
    const closed = JSON.parse(data) as { reason?: string; detail?: string };
    return closed.reason ?? closed.detail ?? "the gateway closed the stream";
  } catch {
    return "the gateway closed the stream";
  }
}
