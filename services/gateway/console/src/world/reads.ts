/** What views read of a world: the newest state by its own routes, or all of it as it was after a commit. */
import { call } from "../lib/api/client";
import { Problem } from "../lib/api/problem";
import type { Approval, ChatMessage, ChatRow, Entity, Flow, Interaction, Mind, Session, Stream } from "../lib/api/types";

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

export async function readSessions(world: string, at: number | undefined, signal: AbortSignal): Promise<Session[]> {
  if (at !== undefined) return Object.values((await readPast(world, at)).sessions ?? {});
  const query = { status: "all" as const, limit: 200 };
  return (await call("get", "/v1/worlds/{world}/sessions", { path: { world }, query, signal })).items;
}

/** Open interactions first. At a commit of the past only those that were open then are in the state. */
export async function readInteractions(world: string, at: number | undefined, signal: AbortSignal): Promise<Interaction[]> {
  if (at !== undefined) return Object.values((await readPast(world, at)).interactions ?? {});
  const read = async (status: "open" | "ended") => {
    const query = { status, limit: 500 };
    return (await call("get", "/v1/worlds/{world}/interactions", { path: { world }, query, signal })).items;
  };
  const [open, ended] = await Promise.all([read("open"), read("ended")]);
  return [...open, ...ended.reverse()];
}

function present<T>(value: T | undefined, detail: string): T {
  if (value === undefined) throw new Problem(404, "Not there", detail, "not_there");
  return value;
}
