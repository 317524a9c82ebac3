import { call } from "../lib/api/client";
import type { WorldRow } from "../lib/api/types";

/** More worlds than a page can show at once are not read. */
const WORLDS_MAX = 5000;

/** The worlds that this person may see. */
export async function readWorlds(signal?: AbortSignal): Promise<WorldRow[]> {
  const worlds: WorldRow[] = [];
  let after: string | undefined;
  do {
    const page = await call("get", "/v1/worlds", { query: { after, limit: 1000 }, signal });
    worlds.push(...page.worlds);
    after = page.next ?? undefined;
  } while (after !== undefined && worlds.length < WORLDS_MAX);
  return worlds;
}

/** Those that have all words in their id, name or description. */
export function searchWorlds(worlds: WorldRow[], text: string): WorldRow[] {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  return worlds.filter((world) => {
    const own = `${world.id} ${world.name} ${world.description}`.toLowerCase();
    return words.every((word) => own.includes(word));
  });
}

export type Order = "activity" | "name" | "created";

export function sortWorlds(worlds: WorldRow[], order: Order): WorldRow[] {
  const by: Record<Order, (a: WorldRow, b: WorldRow) => number> = {
    activity: (a, b) => b.seq - a.seq,
    name: (a, b) => (a.name || a.id).localeCompare(b.name || b.id),
    created: (a, b) => b.created_at.localeCompare(a.created_at),
  };
  return [...worlds].sort(by[order]);
}
