/** Which events of a log are shown. */
import type { CloudEvent } from "../lib/api/types";
import { payloadOf } from "../lib/live/held";

export interface Filter {
  /** A type, or the beginning of one. */
  type: string;
  /** A sender or a target. */
  entity: string;
  chat: string;
  text: string;
}

export const EVERYTHING: Filter = { type: "", entity: "", chat: "", text: "" };

export function isEverything(filter: Filter): boolean {
  return filter.type === "" && filter.entity === "" && filter.chat === "" && filter.text.trim() === "";
}

export function targetsOf(event: CloudEvent): string[] {
  return typeof event.target === "string" && event.target !== "" ? event.target.split(",") : [];
}

/** Whether an event is shown. The text is looked for in the payload, the type and who took part. */
export function matcher(filter: Filter): (event: CloudEvent) => boolean {
  const text = filter.text.trim().toLowerCase();
  const type = filter.type.trim().replace(/\*$/, "");
  return (event) => {
    if (type !== "" && !event.type.startsWith(type)) return false;
    if (filter.chat !== "" && event.chat !== filter.chat) return false;
    if (filter.entity !== "" && event.sender !== filter.entity && !targetsOf(event).includes(filter.entity)) return false;
    return text === "" || haystack(event).includes(text);
  };
}

function haystack(event: CloudEvent): string {
  return `${event.type} ${event.sender} ${event.target ?? ""} ${event.id} ${payloadOf(event)}`.toLowerCase();
}

/** So long may a piece of a search hold up the page: half of a frame. */
const SLICE_MS = 8;

/**
 * Filters a log that may be long, in pieces between frames. `progress` gets what is found so far; the returned
 * function stops it.
 */
export function filterInSlices(
  events: CloudEvent[],
  matches: (event: CloudEvent) => boolean,
  progress: (found: CloudEvent[], isDone: boolean) => void,
  schedule: (run: () => void) => void = (run) => void setTimeout(run, 0),
  now: () => number = () => performance.now(),
): () => void {
  const found: CloudEvent[] = [];
  let index = 0;
  let isStopped = false;
  const slice = () => {
    if (isStopped) return;
    const until = now() + SLICE_MS;
    while (index < events.length && (index % 64 !== 0 || now() < until)) {
      const event = events[index];
      if (event !== undefined && matches(event)) found.push(event);
      index += 1;
    }
    const isDone = index >= events.length;
    progress(found, isDone);
    if (!isDone) {
      // A clock that stands still must not stop the search.
      if (index % 64 === 0 && index < events.length) {
        const event = events[index];
        if (event !== undefined && matches(event)) found.push(event);
        index += 1;
      }
      schedule(slice);
    }
  };
  slice();
  return () => (isStopped = true);
}
