import { call } from "../lib/api/client";
import type { components } from "../lib/api/schema";

export type RosterEntry = components["schemas"]["RosterEntry"];

/** Who is present, and in which state their behaviours are. */
export async function rosterOf(world: string, at: number | undefined, signal: AbortSignal): Promise<Map<string, RosterEntry>> {
  const { roster } = await call("get", "/v1/worlds/{world}/roster", { path: { world }, query: { at }, signal });
  return new Map(roster.map((entry) => [entry.entity, entry]));
}
