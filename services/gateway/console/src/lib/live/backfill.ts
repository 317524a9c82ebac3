/**
 * Reads a log backwards by an interface that pages forwards.
 *
 * Commits of all worlds are numbered together, so it is not known how many numbers hold a page of one world. The
 * window that is read doubles while it yields little, and shrinks when it yields much.
 */
import type { CloudEvent } from "../api/types";
import { comparePositions } from "./position";

export interface Page {
  events: CloudEvent[];
  next?: string | null | undefined;
}

const WINDOW_FIRST = 512;
const ENOUGH = 500;
/** So many windows without an event, each twice as long as the last, span any log. */
const WINDOWS_MAX = 60;

export class Backfill {
  #window = WINDOW_FIRST;

  constructor(
    private readonly readPage: (after: string) => Promise<Page>,
    private readonly firstSeq: number,
  ) {}

  /** The events before a position, oldest first, and whether they begin with the world's first one. */
  async before(position: string): Promise<{ events: CloudEvent[]; isWhole: boolean }> {
    const end = Number(position.split(".")[0]);
    let begin = end;
    for (let attempt = 0; attempt < WINDOWS_MAX; attempt += 1) {
      begin = Math.max(this.firstSeq - 1, end - this.#window);
      const events = await this.#read(begin, position);
      const isWhole = begin <= this.firstSeq - 1;
      if (events.length > 4 * ENOUGH) this.#window = Math.max(1, this.#window >> 1);
      if (isWhole || events.length >= ENOUGH) return { events, isWhole };
      this.#window *= 2;
    }
    return { events: [], isWhole: true };
  }

  async #read(begin: number, before: string): Promise<CloudEvent[]> {
    const events: CloudEvent[] = [];
    let after: string | null | undefined = String(Math.max(0, begin));
    while (after !== undefined && after !== null) {
      const page: Page = await this.readPage(after);
      for (const event of page.events) {
        if (comparePositions(event.sequence, before) >= 0) return events;
        events.push(event);
      }
      after = page.next;
    }
    return events;
  }
}
