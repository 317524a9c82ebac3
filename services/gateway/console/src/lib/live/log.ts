/** The events of a world that the page holds: a contiguous part of its log, oldest first. */
import type { CloudEvent } from "../api/types";
import { comparePositions, seqOf } from "./position";

/** What is older than so many events is let go, and read again when somebody scrolls there. */
export const EVENTS_MAX = 250_000;
const EVENTS_LET_GO = 20_000;

export class EventLog {
  events: CloudEvent[] = [];
  /** Whether the oldest event that is here is the first of the world. */
  isWhole = false;
  /** How many events before the first one were let go or prepended: grows the index of all others. */
  shifted = 0;

  get first(): CloudEvent | undefined {
    return this.events[0];
  }

  get last(): CloudEvent | undefined {
    return this.events[this.events.length - 1];
  }

  /** Appends events of the newest end; what is here already is left out. Returns how many were new. */
  append(events: CloudEvent[]): number {
    let added = 0;
    for (const event of events) {
      const last = this.last;
      if (last !== undefined && comparePositions(event.sequence, last.sequence) <= 0) continue;
      this.events.push(event);
      added += 1;
    }
    if (this.events.length > EVENTS_MAX) {
      this.events = this.events.slice(EVENTS_LET_GO);
      this.shifted -= EVENTS_LET_GO;
      this.isWhole = false;
    }
    return added;
  }

  /** Puts older events in front; what is here already is left out. Returns how many were new. */
  prepend(events: CloudEvent[]): number {
    const first = this.first;
    const older =
      first === undefined ? events : events.filter((event) => comparePositions(event.sequence, first.sequence) < 0);
    if (older.length > 0) {
      this.events = older.concat(this.events);
      this.shifted += older.length;
    }
    return older.length;
  }

  clear(): void {
    this.events = [];
    this.isWhole = false;
    this.shifted = 0;
  }

  /** The event of an id, from a position backwards: a cause is before its effects, and mostly near. */
  findBefore(position: string, id: string): CloudEvent | undefined {
    for (let index = this.countUpTo(seqOf(position)) - 1; index >= 0; index -= 1) {
      if (this.events[index]?.id === id) return this.events[index];
    }
    return undefined;
  }

  /** The events from the commit `seq` on. */
  from(seq: number): CloudEvent[] {
    return this.events.slice(this.countUpTo(seq - 1));
  }

  /** How many of the events are in the commit `seq` or before it. */
  countUpTo(seq: number): number {
    return countUpTo(this.events, seq);
  }
}

export function countUpTo(events: CloudEvent[], seq: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const event = events[middle];
    if (event !== undefined && seqOf(event.sequence) <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
