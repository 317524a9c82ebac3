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
export const ENOUGH = 500;
/** More events than this are not read at once: a smaller window is tried. */
const TOO_MANY = 4000;
/** So many windows, most of them twice as long as the last, span any log. */
const WINDOWS_MAX = 80;

export class Backfill {
  #window: number;

  /**
   * `density` is how many events there are for each number of a commit, when that is known; `enough` is how many make
   * a page.
   */
  constructor(
    private readonly readPage: (after: string) => Promise<Page>,
    private readonly firstSeq: number,
    density?: number,
    private readonly enough = ENOUGH,
  ) {
    const wanted = density === undefined || density <= 0 ? WINDOW_FIRST : (2 * enough) / density;
    this.#window = Math.max(1, Math.round(Math.min(wanted, 1_000_000)));
  }

  /** The events before a position, oldest first, and whether they begin with the world's first one. */
  async before(position: string): Promise<{ events: CloudEvent[]; isWhole: boolean }> {
    let end = Number(position.split(".")[0]);
    let wasTooLong = false;
    for (let attempt = 0; attempt < WINDOWS_MAX; attempt += 1) {
      const begin = Math.max(this.firstSeq - 1, end - this.#window);
      const events = await this.#read(begin, position);
      if (events === undefined) {
        wasTooLong = true;
        this.#window = Math.max(1, this.#window >> 3);
        continue;
      }
      const isWhole = begin <= this.firstSeq - 1;
      if (events.length > 4 * this.enough) this.#window = Math.max(1, this.#window >> 1);
      // After a window that was too long, some events are enough: it would only be tried again.
      if (isWhole || events.length >= this.enough || (wasTooLong && events.length > 0)) return { events, isWhole };
      if (events.length === 0) end = begin;
      this.#window *= 2;
    }
    return { events: [], isWhole: false };
  }

  /** The events between a commit and a position; nothing when they are too many, and a smaller window is possible. */
  async #read(begin: number, before: string): Promise<CloudEvent[] | undefined> {
    const events: CloudEvent[] = [];
    let after: string | null | undefined = String(Math.max(0, begin));
    while (after !== undefined && after !== null) {
      const page: Page = await this.readPage(after);
      for (const event of page.events) {
        if (comparePositions(event.sequence, before) >= 0) return events;
        events.push(event);
      }
      if (events.length > TOO_MANY && this.#window > 1) return undefined;
      after = page.next;
    }
    return events;
  }
}
