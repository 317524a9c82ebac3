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

/** The commits of these events, each once. */
export function commitsOf(events: CloudEvent[]): number[] {
  const commits: number[] = [];
  for (const event of events) {
    const seq = seqOf(event.sequence);
    if (commits[commits.length - 1] !== seq) commits.push(seq);
  }
  return commits;
}

/** The index of the last commit that is `seq` or before it. */
export function indexOf(commits: number[], seq: number): number {
  let low = 0;
  let high = commits.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((commits[middle] ?? 0) <= seq) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
