/** What agents did in a chat, up to a commit of the past. */
import type { CloudEvent } from "../lib/api/types";
import { seqOf } from "../lib/live/position";
import { readEventsUpTo } from "../world/reads";

/** So many events are read at once, and so often at most. */
const PAGE = 500;
const PAGES_MAX = 8;

/** The events of a chat up to a commit, oldest first: back to a time at least, if these are not too many. */
export async function readPastChat(
  world: { id: string; firstSeq: number },
  chat: string,
  at: number,
  since: string | undefined,
  signal: AbortSignal,
): Promise<CloudEvent[]> {
  let events: CloudEvent[] = [];
  let end = at;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const read = await readEventsUpTo(world, end, { chat }, PAGE, signal);
    events = read.events.concat(events);
    const first = events[0];
    if (read.isWhole || first === undefined || (since !== undefined && first.time < since)) break;
    end = seqOf(first.sequence) - 1;
  }
  return events;
}
