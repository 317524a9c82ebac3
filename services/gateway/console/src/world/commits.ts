/** Steps from commit to commit of one world: its numbers have gaps, since all worlds share them. */
import type { CloudEvent } from "../lib/api/types";
import { countUpTo } from "../lib/live/log";
import { seqOf } from "../lib/live/position";

/** The last commit before `seq` that the events have. */
export function commitBefore(events: CloudEvent[], seq: number): number | undefined {
  const event = events[countUpTo(events, seq - 1) - 1];
  return event === undefined ? undefined : seqOf(event.sequence);
}

/** The first commit after `seq`. */
export function commitAfter(events: CloudEvent[], seq: number): number | undefined {
  const event = events[countUpTo(events, seq)];
  return event === undefined ? undefined : seqOf(event.sequence);
}
