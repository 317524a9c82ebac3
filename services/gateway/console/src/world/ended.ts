/** Which interactions and sessions had ended by a commit. */
import type { Interaction, Session } from "../lib/api/types";
import { seqOf } from "../lib/live/position";

/** What is read of a world: its first commit, and its last one that is known. */
export interface Span {
  id: string;
  firstSeq: number;
  seq: number;
}

export interface Page<T> {
  items: T[];
  next?: string | null | undefined;
}

/** So many that have ended are enough for a page. */
const ENOUGH = 200;
/** So many commits are looked at first; each further look is at four times as many. */
const WINDOW_FIRST = 1000;

/**
 * The newest interactions that had ended by a commit, newest first. They are listed in the order of their requests,
 * from the oldest on, so that the requests of the last commits are looked at, and of more when these are too few.
 */
export async function endedBy(
  read: (after: string) => Promise<Page<Interaction>>,
  world: Span,
  at = Number.POSITIVE_INFINITY,
): Promise<Interaction[]> {
  const { firstSeq, seq } = world;
  for (let window = WINDOW_FIRST; ; window *= 4) {
    const begin = Math.max(firstSeq - 1, Math.min(at, seq) - window);
    const ended: Interaction[] = [];
    let after: string | null | undefined = String(Math.max(0, begin));
    while (after !== undefined && after !== null) {
      const page: Page<Interaction> = await read(after);
      ended.push(...page.items.filter((one) => one.seq <= at));
      after = page.next && seqOf(page.next) <= at ? page.next : undefined;
    }
    if (ended.length >= ENOUGH || begin <= firstSeq - 1) return ended.reverse();
  }
}

/** Whether a session that has ended had done so at a time of the past. */
export function hadEnded(session: Session, by: string | undefined): boolean {
  if (by === undefined) return true;
  return session.ended_at !== undefined && session.ended_at !== null && Date.parse(session.ended_at) <= Date.parse(by);
}
