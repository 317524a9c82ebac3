/** What the gateway shows of the system. A gateway or a key without these routes answers 403 or 404. */
import { addressOf, readJson, write } from "./client";
import { Problem } from "./problem";

export interface Replica {
  service: string;
  id: string;
  since?: string;
  version?: string;
  problems: string[];
  status?: Record<string, unknown>;
}

export interface System {
  log?: { seq: number; first_seq: number; bytes: number };
  replicas: Replica[];
  queues?: { name: string; waiting: number; running: number; redelivered?: number }[];
  consumers?: { name: string; behind: number }[];
  dead_letters?: number;
  trace_url?: string | null;
}

export interface DeadLetter {
  id: number;
  kind: "invocation" | "commit" | "wake" | string;
  world?: string | null;
  at: string;
  reason: string;
  subject: string;
  seq?: number | null;
  payload?: string | null;
  run?: string | null;
  action?: string | null;
  entity?: string | null;
}

/** The system, or nothing when this key or this gateway does not show it. */
export function readSystem(signal?: AbortSignal): Promise<System | undefined> {
  return orNothing(readJson<System>("/v1/system", signal));
}

/** The newest dead letters; nothing when they are not shown. */
export async function readDeadLetters(world: string | undefined, signal?: AbortSignal): Promise<DeadLetter[] | undefined> {
  const letters: DeadLetter[] = [];
  let after: number | undefined;
  do {
    const address = addressOf("/v1/dead-letters", undefined, { world, after, limit: 100 });
    const page = await orNothing(readJson<{ dead_letters: DeadLetter[]; next?: number | null }>(address, signal));
    if (page === undefined) return undefined;
    letters.push(...page.dead_letters);
    after = page.next ?? undefined;
  } while (after !== undefined && letters.length < 1000);
  return letters.reverse();
}

export function retryDeadLetter(id: number): Promise<{ invocation: string; retry: string }> {
  return write("post", `/v1/dead-letters/${id}/retry`);
}

async function orNothing<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof Problem && (error.status === 404 || error.status === 403)) return undefined;
    throw error;
  }
}
