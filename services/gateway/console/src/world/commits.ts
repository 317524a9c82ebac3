/** Steps from commit to commit of one world: its numbers have gaps, since all worlds share them. */
import type { CloudEvent } from "../lib/api/types";
import { countUpTo } from "../lib/live/log";
import { seqOf } from "../lib/live/position";
import { Reader } from "../lib/live/reader";

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

/** The commits of a log that grows, each once: what it had before is not looked at again. */
export class Commits {
  #commits: number[] = [];
  readonly #reader = new Reader(() => (this.#commits = []));

  of(events: CloudEvent[]): number[] {
    for (const event of this.#reader.added(events)) {
      const seq = seqOf(event.sequence);
      if (this.#commits[this.#commits.length - 1] !== seq) this.#commits.push(seq);
    }
    return this.#commits;
  }
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
