/** Reads a log that grows: each event once. */
import type { CloudEvent } from "../api/types";

export class Reader {
  #first: CloudEvent | undefined;
  #read = 0;

  /** `restart` is called when the log begins with another event than before: then all of it is read again. */
  constructor(private readonly restart: () => void) {}

  /** The events behind those that were read before. */
  *added(events: CloudEvent[]): Generator<CloudEvent> {
    if (events[0] !== this.#first || events.length < this.#read) {
      this.restart();
      this.#first = events[0];
      this.#read = 0;
    }
    for (; this.#read < events.length; this.#read += 1) {
      const event = events[this.#read];
      if (event !== undefined) yield event;
    }
  }
}
