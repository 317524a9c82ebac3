/** What waits for a person, in all worlds. */
import { call } from "../lib/api/client";
import { asProblem, type Problem } from "../lib/api/problem";
import type { Approval, Verdict } from "../lib/api/types";
import { readWorlds } from "../worlds/worlds";

export interface Waiting extends Approval {
  world: string;
}

/** Worlds are looked at again so often; one that has had no commit since is not asked again. */
const REREAD_MS = 5000;
/** So many worlds are asked at the same time. */
const AT_ONCE = 4;

class Inbox {
  approvals = $state.raw<Waiting[]>([]);
  problem = $state.raw<Problem | undefined>();
  isRead = $state(false);
  #seen = new Map<string, { seq: number; approvals: Waiting[] }>();
  #running: Promise<void> | undefined;

  /** Reads what has changed. A call while one runs is that one. */
  refresh(): Promise<void> {
    this.#running ??= this.#read().finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** Reads one world again, after an event there. */
  async refreshWorld(world: string): Promise<void> {
    await this.#readWorld(world, 0);
    this.#publish();
  }

  /** Looks again from time to time, until the returned function is called. */
  watch(): () => void {
    void this.refresh();
    const timer = setInterval(() => !document.hidden && void this.refresh(), REREAD_MS);
    return () => clearInterval(timer);
  }

  async decide(approval: Waiting, verdict: Verdict): Promise<void> {
    const path = { world: approval.world, approval: approval.id };
    await call("post", "/v1/worlds/{world}/approvals/{approval}", { path, body: { verdict } });
    await this.refreshWorld(approval.world);
  }

  async #read(): Promise<void> {
    try {
      const worlds = await readWorlds();
      const changed = worlds.filter((world) => this.#seen.get(world.id)?.seq !== world.seq);
      const present = new Set(worlds.map((world) => world.id));
      for (const id of this.#seen.keys()) if (!present.has(id)) this.#seen.delete(id);
      const queue = [...changed];
      const work = async () => {
        for (let world = queue.shift(); world !== undefined; world = queue.shift()) await this.#readWorld(world.id, world.seq);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      this.problem = undefined;
    } catch (error) {
      this.problem = asProblem(error);
    }
    this.isRead = true;
    this.#publish();
  }

  async #readWorld(world: string, seq: number): Promise<void> {
    const { approvals } = await call("get", "/v1/worlds/{world}/approvals", { path: { world } });
    this.#seen.set(world, { seq, approvals: approvals.map((approval) => ({ ...approval, world })) });
  }

  #publish(): void {
    const all = [...this.#seen.values()].flatMap((entry) => entry.approvals);
    this.approvals = all.sort((a, b) => a.asked_at.localeCompare(b.asked_at));
  }
}

export const inbox = new Inbox();
