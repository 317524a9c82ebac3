/** One session of a flow, and what its client got: now, or as it was after a commit. */
import { call } from "../lib/api/client";
import type { components } from "../lib/api/schema";
import type { Session } from "../lib/api/types";
import { seqOf } from "../lib/live/position";
import { hadEnded } from "../world/ended";
import { present, readPast } from "../world/reads";

type SessionEvent = components["schemas"]["SessionEvent"];

/** A person reads no more events than this. */
const EVENTS_MAX = 2000;

export async function readSession(world: string, session: string, at: number | undefined, signal: AbortSignal): Promise<Session> {
  const now = () => call("get", "/v1/worlds/{world}/sessions/{session}", { path: { world, session }, signal });
  if (at === undefined) return now();
  const past = await readPast(world, at);
  const open = past.sessions?.[session];
  if (open !== undefined) return open;
  // What is not open at a commit had ended, or began later.
  const later = await now();
  return present(hadEnded(later, past.at) ? later : undefined, "the session had not begun at this commit");
}

export interface SessionEvents {
  items: SessionEvent[];
  more: boolean;
}

export async function readSessionEvents(world: string, session: string, at: number | undefined, signal: AbortSignal): Promise<SessionEvents> {
  const items: SessionEvent[] = [];
  let after: string | undefined;
  do {
    const query = { after, limit: 1000 };
    const page = await call("get", "/v1/worlds/{world}/sessions/{session}/events", { path: { world, session }, query, signal });
    for (const event of page.items) {
      if (at !== undefined && event.position && seqOf(event.position) > at) return { items, more: false };
      items.push(event);
    }
    after = page.next ?? undefined;
  } while (after !== undefined && items.length < EVENTS_MAX);
  return { items, more: after !== undefined };
}
