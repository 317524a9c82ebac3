/** Who talks to whom: counted from the events of a log. */
import type { CloudEvent } from "../lib/api/types";
import { Reader } from "../lib/live/reader";
import { targetsOf } from "../timeline/filter";

export interface Tie {
  from: string;
  to: string;
  count: number;
}

/** The ties of a log that grows: what it had before is not looked at again. */
export class Ties {
  readonly #counts = new Map<string, Tie>();
  /** Who sent the messages that may be answered. */
  readonly #senders = new Map<string, string>();
  readonly #reader = new Reader(() => {
    this.#counts.clear();
    this.#senders.clear();
  });

  add(events: CloudEvent[]): void {
    for (const event of this.#reader.added(events)) {
      if (event.type === "message.posted") {
        const data = event.data as { in_reply_to?: string; answerers?: string[] } | null;
        this.#senders.set(event.id, event.sender);
        for (const answerer of data?.answerers ?? []) this.#count(event.sender, answerer);
        const asked = data?.in_reply_to === undefined ? undefined : this.#senders.get(data.in_reply_to);
        if (asked !== undefined) this.#count(event.sender, asked);
      } else if (event.type === "interaction.requested") {
        const data = event.data as { targets?: string[] } | null;
        for (const target of data?.targets ?? []) this.#count(event.sender, target);
      } else for (const target of targetsOf(event)) this.#count(event.sender, target);
    }
  }

  get all(): Tie[] {
    return [...this.#counts.values()];
  }

  #count(from: string, to: string): void {
    if (from === to || from === "world" || to === "world" || to.includes(":")) return;
    const key = `${from} ${to}`;
    const tie = this.#counts.get(key);
    if (tie === undefined) this.#counts.set(key, { from, to, count: 1 });
    else tie.count += 1;
  }
}

/** The strongest ties among at most so many entities, and these entities in their order. */
export function strongest(ties: Tie[], entitiesMax: number): { entities: string[]; ties: Tie[] } {
  const weight = new Map<string, number>();
  for (const { from, to, count } of ties) {
    weight.set(from, (weight.get(from) ?? 0) + count);
    weight.set(to, (weight.get(to) ?? 0) + count);
  }
  const chosen = [...weight].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).slice(0, entitiesMax).map(([id]) => id);
  const entities = chosen.sort();
  const known = new Set(entities);
  return { entities, ties: ties.filter((tie) => known.has(tie.from) && known.has(tie.to)) };
}
