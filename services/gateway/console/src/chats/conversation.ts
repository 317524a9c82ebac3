/** What is shown in a chat: messages, and what agents did between them. */
import type { CloudEvent } from "../lib/api/types";
import { countUpTo } from "../lib/live/log";
import { comparePositions } from "../lib/live/position";

export interface Message {
  id: string;
  /** Where in the log; absent in a state of the past. */
  position?: string;
  sender: string;
  text: string;
  at: string;
  from_agent: boolean;
  in_reply_to?: string | null;
}

export interface ToolCall {
  id: string;
  name: string;
  arguments: unknown;
  /** What came of it, once it has ended. */
  output?: unknown;
  failed?: string;
}

export type Item =
  | { kind: "message"; key: string; at: string; message: Message }
  | { kind: "call"; key: string; at: string; agent: string; call: ToolCall }
  | { kind: "failure"; key: string; at: string; agent: string; text: string };

type Data = Record<string, unknown>;

/** Messages that were read, and those that the log has behind them. */
export function withPosted(read: Message[], events: CloudEvent[], chat: string): Message[] {
  const last = read[read.length - 1]?.position;
  const known = new Set(read.map((message) => message.id));
  const posted = events.filter(
    (event) =>
      event.type === "message.posted" &&
      event.chat === chat &&
      !known.has(event.id) &&
      (last === undefined || comparePositions(event.sequence, last) > 0),
  );
  return posted.length === 0 ? read : read.concat(posted.map(messageOf));
}

function messageOf(event: CloudEvent): Message {
  const data = event.data as Data;
  return {
    id: event.id,
    position: event.sequence,
    sender: event.sender,
    text: String(data.text ?? ""),
    at: event.time,
    from_agent: data.sender_kind === "agent" || data.from_agent === true || data.in_reply_to !== undefined,
    in_reply_to: (data.in_reply_to as string | undefined) ?? null,
  };
}

/** The events of one chat from a commit on. */
export function eventsOfChat(events: CloudEvent[], chat: string, from: number): CloudEvent[] {
  return events.slice(countUpTo(events, from - 1)).filter((event) => event.chat === chat);
}

/** Messages, calls of tools and failures in the order of the log. */
export function conversation(messages: Message[], events: CloudEvent[]): Item[] {
  const first = messages[0]?.at;
  const items: Item[] = messages.map((message) => ({ kind: "message", key: message.id, at: message.at, message }));
  const calls: Calls = { byId: new Map(), byApproval: new Map() };
  for (const event of events) {
    if (first !== undefined && event.time < first) continue;
    addWork(event, items, calls);
  }
  return items.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** Calls by their turn and id, and those that waited for a person by the approval. */
interface Calls {
  byId: Map<string, ToolCall>;
  byApproval: Map<string, ToolCall>;
}

function addWork(event: CloudEvent, items: Item[], calls: Calls): void {
  const data = (event.data ?? {}) as Data;
  const turn = event.correlationid ?? "";
  if (event.type.startsWith("approval.")) {
    addDecision(event, calls);
  } else if (event.type === "action.completed" && Array.isArray(data.calls)) {
    for (const made of data.calls as Data[]) {
      const call: ToolCall = { id: String(made.id), name: String(made.name), arguments: made.arguments };
      calls.byId.set(`${turn} ${call.id}`, call);
      items.push({ kind: "call", key: `${event.id} ${call.id}`, at: event.time, agent: event.sender, call });
    }
  } else if ((event.type === "action.completed" || event.type === "action.failed") && typeof data.call === "string") {
    const call = calls.byId.get(`${turn} ${data.call}`);
    if (call !== undefined && event.type === "action.completed") call.output = data.output ?? null;
    if (call !== undefined && event.type === "action.failed") call.failed = String(data.reason ?? data.code ?? "failed");
  } else if (event.type === "action.failed") {
    const text = `${String(data.code ?? "failed")}: ${String(data.reason ?? "")}`;
    items.push({ kind: "failure", key: event.id, at: event.time, agent: event.sender, text });
  }
}

/** What a person has decided about a call. One that is approved ends with its run. */
function addDecision(event: CloudEvent, calls: Calls): void {
  const data = (event.data ?? {}) as Data;
  if (event.type === "approval.requested") {
    const id = (data.call as Data | undefined)?.id;
    const call = calls.byId.get(`${event.correlationid ?? ""} ${String(id)}`);
    if (call !== undefined) calls.byApproval.set(event.id, call);
    return;
  }
  const call = calls.byApproval.get(String(data.approval));
  if (call === undefined || data.verdict === "approved") return;
  const verdict = data.verdict as { answered?: { answers: unknown }; denied?: { reason?: string } } | string;
  if (typeof verdict === "string") call.failed = verdict;
  else if (verdict.answered !== undefined) call.output = verdict.answered.answers;
  else call.failed = `denied${verdict.denied?.reason ? `: ${verdict.denied.reason}` : ""}`;
}

/** An id for a branch that no chat has yet. */
export function branchId(chat: string, taken: Set<string>): string {
  for (let number = 2; ; number += 1) {
    const id = `${chat}-${number}`;
    if (!taken.has(id)) return id;
  }
}
