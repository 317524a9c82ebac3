/** What views read of a world: the newest state by its own routes, or all of it as it was after a commit. */
import { call } from "../lib/api/client";
import { Problem } from "../lib/api/problem";
import type { Approval, ChatMessage, ChatRow, CloudEvent, Entity, Flow, Interaction, Mind, Session, Stream } from "../lib/api/types";
import { Backfill } from "../lib/live/backfill";
import { endedBy, hadEnded, type Span } from "./ended";

export interface OpenRun {
  action: string;
  agent: string;
  deadline: string;
  answers?: unknown;
  purpose?: string | null;
  ability?: string | null;
  call?: string | null;
  queued?: boolean;
}

export interface ChatState {
  id: string;
  title?: string;
  created_at: string;
  message_count: number;
  messages?: ChatMessage[];
  answering: string[];
}

/** The fields of a world's state that this page shows. */
export interface WorldState {
  id: string;
  seq: number;
  at: string;
  name?: string;
  description?: string;
  log_size?: { events: number; bytes: number };
  entities: Record<string, Entity>;
  chats: Record<string, ChatState>;
  invocations: Record<string, OpenRun>;
  minds?: Record<string, Mind>;
  approvals?: Record<string, Approval>;
  interactions?: Record<string, Interaction>;
  streams?: Record<string, Stream>;
  flows?: Record<string, Flow>;
  sessions?: Record<string, Session>;
  timers?: Record<string, unknown>;
}

/** The newest events that pass a filter, up to a commit: oldest first, and whether there are none before these. */
export async function readEventsUpTo(
  world: { id: string; firstSeq: number },
  at: number,
  filter: { type?: string; chat?: string },
  enough: number,
  signal: AbortSignal,
): Promise<{ events: CloudEvent[]; isWhole: boolean }> {
  const page = (after: string) =>
    call("get", "/v1/worlds/{world}/events", { path: { world: world.id }, query: { ...filter, after, limit: 1000 }, signal });
  return new Backfill(page, world.firstSeq, undefined, enough).before(`${at + 1}.0`);
}

/** Past states never change, so the last few are kept. */
const PAST_MAX = 6;
const past = new Map<string, Promise<WorldState>>();

export async function readOutline(world: string, signal?: AbortSignal): Promise<WorldState> {
  const answer = await call("get", "/v1/worlds/{world}/state", { path: { world }, query: { view: "outline" }, signal });
  return answer.state as unknown as WorldState;
}

/** The world after a commit. */
export function readPast(world: string, at: number): Promise<WorldState> {
  const key = `${world} ${at}`;
  let read = past.get(key);
  if (read === undefined) {
    const query = { at };
    read = call("get", "/v1/worlds/{world}/state", { path: { world }, query }).then((answer) => answer.state as unknown as WorldState);
    past.set(key, read);
    read.catch(() => past.delete(key));
    for (const oldest of past.keys()) {
      if (past.size <= PAST_MAX) break;
      past.delete(oldest);
    }
  }
  return read;
}

export function forgetPast(): void {
  past.clear();
}

/** More entities than this are not listed. */
const ENTITIES_MAX = 2000;

export async function readEntities(world: string, at: number | undefined, signal: AbortSignal): Promise<Entity[]> {
  if (at !== undefined) return Object.values((await readPast(world, at)).entities);
  const entities: Entity[] = [];
  let after: string | undefined;
  do {
    const query = { after, limit: 500 };
    const page = await call("get", "/v1/worlds/{world}/entities", { path: { world }, query, signal });
    entities.push(...page.entities);
    after = page.next ?? undefined;
  } while (after !== undefined && entities.length < ENTITIES_MAX);
  return entities;
}

export async function readEntity(world: string, entity: string, at: number | undefined, signal: AbortSignal): Promise<Entity> {
  if (at === undefined) return call("get", "/v1/worlds/{world}/entities/{entity}", { path: { world, entity }, signal });
  return present((await readPast(world, at)).entities[entity], `${entity} was not in the world at this commit`);
}

export async function readMind(world: string, entity: string, at: number | undefined, signal: AbortSignal): Promise<Mind | undefined> {
  if (at !== undefined) return (await readPast(world, at)).minds?.[entity];
  return call("get", "/v1/worlds/{world}/entities/{entity}/mind", { path: { world, entity }, signal });
}

export async function readChats(world: string, at: number | undefined, signal: AbortSignal): Promise<ChatRow[]> {
  if (at === undefined) return (await call("get", "/v1/worlds/{world}/chats", { path: { world }, signal })).chats;
  const chats = Object.values((await readPast(world, at)).chats);
  return chats.map((chat) => ({ id: chat.id, title: chat.title ?? "", created_at: chat.created_at, messages: chat.message_count }));
}

export async function readStreams(world: string, at: number | undefined, signal: AbortSignal): Promise<Stream[]> {
  if (at !== undefined) return Object.values((await readPast(world, at)).streams ?? {});
  return (await call("get", "/v1/worlds/{world}/streams", { path: { world }, query: { limit: 500 }, signal })).streams;
}

export async function readFlows(world: string, at: number | undefined, signal: AbortSignal): Promise<Flow[]> {
  if (at !== undefined) return Object.values((await readPast(world, at)).flows ?? {});
  return (await call("get", "/v1/worlds/{world}/flows", { path: { world }, signal })).items;
}

/** Sessions are listed from the oldest on: more than this are not looked at. */
const SESSIONS_MAX = 5000;

/** Open interactions first, then the newest that have ended; or as it was after the commit `at`. */
export async function readInteractions(world: Span, at: number | undefined, signal: AbortSignal): Promise<Interaction[]> {
  const page = (status: "open" | "ended") => (after?: string) => {
    const query = { status, after, limit: 1000 };
    return call("get", "/v1/worlds/{world}/interactions", { path: { world: world.id }, query, signal });
  };
  const openThen = async () => {
    if (at === undefined) return (await page("open")()).items;
    return Object.values((await readPast(world.id, at)).interactions ?? {});
  };
  const [open, ended] = await Promise.all([openThen(), endedBy(page("ended"), world, at)]);
  const ids = new Set(open.map((one) => one.id));
  return [...open, ...ended.filter((one) => !ids.has(one.id))];
}

export interface Sessions {
  items: Session[];
  /** Whether there are more than were looked at. */
  more: boolean;
}

/** Open sessions first, then those that have ended, the newest first; or as it was after the commit `at`. */
export async function readSessions(world: string, at: number | undefined, signal: AbortSignal): Promise<Sessions> {
  const path = { world };
  const past = at === undefined ? undefined : await readPast(world, at);
  const query = { status: "open" as const, limit: 1000 };
  const open =
    past === undefined
      ? (await call("get", "/v1/worlds/{world}/sessions", { path, query, signal })).items
      : Object.values(past.sessions ?? {});
  const ids = new Set(open.map((session) => session.id));
  const ended: Session[] = [];
  let looked = 0;
  let after: string | undefined;
  do {
    const query = { status: "ended" as const, after, limit: 1000 };
    const page = await call("get", "/v1/worlds/{world}/sessions", { path, query, signal });
    ended.push(...page.items.filter((session) => !ids.has(session.id) && hadEnded(session, past?.at)));
    looked += page.items.length;
    after = page.next ?? undefined;
  } while (after !== undefined && looked < SESSIONS_MAX);
  return { items: [...open, ...ended.reverse()], more: after !== undefined };
}

/** What has to be there, or the problem that it is not. */
export function present<T>(value: T | undefined, detail: string): T {
  if (value === undefined) throw new Problem(404, "Not there", detail, "not_there");
  return value;
}
