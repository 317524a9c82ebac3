/** What the gateway shows of the system. A key of single entities may not see it, and gets nothing here. */
import { call } from "./client";
import { Problem } from "./problem";
import type { components } from "./schema";

export type System = components["schemas"]["SystemResponse"];
export type DeadLetter = components["schemas"]["DeadLetterResponse"];

/** More dead letters than a person reads. */
const DEAD_LETTERS_MAX = 1000;

export function readSystem(signal?: AbortSignal): Promise<System | undefined> {
  return orNothing(call("get", "/v1/system", { signal }));
}

/** The dead letters of a world or of all, the newest first. */
export async function readDeadLetters(world: string | undefined, signal?: AbortSignal): Promise<DeadLetter[] | undefined> {
  const letters: DeadLetter[] = [];
  let after: number | undefined;
  do {
    const page = await orNothing(call("get", "/v1/dead-letters", { query: { world, after, limit: 100 }, signal }));
    if (page === undefined) return undefined;
    letters.push(...page.dead_letters);
    after = page.next ?? undefined;
  } while (after !== undefined && letters.length < DEAD_LETTERS_MAX);
  return letters.reverse();
}

/** One dead letter, with what could not be handled. */
export function readDeadLetter(id: number, signal?: AbortSignal): Promise<DeadLetter> {
  return call("get", "/v1/dead-letters/{dead_letter}", { path: { dead_letter: id }, signal });
}

export function retryDeadLetter(id: number): Promise<components["schemas"]["RetryResponse"]> {
  return call("post", "/v1/dead-letters/{dead_letter}/retry", { path: { dead_letter: id } });
}

async function orNothing<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof Problem && (error.status === 404 || error.status === 403)) return undefined;
    throw error;
  }
}
