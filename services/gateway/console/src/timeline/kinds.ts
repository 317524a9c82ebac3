/** What an event means to a person who looks over a log: its tone, who took part, and one line of what it says. */
import type { CloudEvent } from "../lib/api/types";
import { oneLine } from "../lib/format";

/** `own` is a custom event, `talk` a message; the others are how something goes on. */
export type Tone = "talk" | "good" | "wait" | "bad" | "own" | "plain";

const WAITS = new Set(["approval.requested", "behaviour.waiting", "interaction.requested", "action.requested"]);
const BAD_WORDS = new Set(["failed", "rejected", "timed_out", "expired"]);
const BUILT_IN = new Set([
  "world", "entity", "chat", "message", "agent", "action", "approval", "interaction", "behaviour", "badge", "processor",
  "stream", "flow", "session", "timer",
]);

export function toneOf(event: CloudEvent): Tone {
  const [family = "", verb = ""] = event.type.split(".", 2);
  if (!BUILT_IN.has(family)) return "own";
  const status = (event.data as { status?: unknown } | null)?.status;
  if (verb === "failed" || BAD_WORDS.has(String(status))) return "bad";
  if (family === "message") return "talk";
  if (event.type === "approval.requested") return "wait";
  if (WAITS.has(event.type)) return "plain";
  if (verb === "completed" || status === "completed" || family === "badge") return "good";
  return "plain";
}

/** The first part of a type, and the rest. */
export function typeParts(type: string): [string, string] {
  const dot = type.indexOf(".");
  return dot < 0 ? ["", type] : [type.slice(0, dot + 1), type.slice(dot + 1)];
}

type Data = Record<string, unknown>;

const SUMMARIES: Record<string, (data: Data) => string> = {
  "message.posted": (data) => oneLine(data.text ?? ""),
  "action.requested": (data) => `${text(data.action)} by ${text(data.agent)}`,
  "action.completed": completed,
  "chat.turn_ended": () => "",
  "behaviour.waiting": (data) => (data.interaction ? "for an interaction" : "for a run"),
  "behaviour.delay_ended": () => "",
  "processor.learned": (data) => `${text(data.steps)} steps${typeof data.loss === "number" ? `, loss ${data.loss.toFixed(3)}` : ""}`,
  "action.failed": (data) => `${text(data.code)} ${text(data.reason)}`,
  "approval.requested": (data) => text((data.call as Data | undefined)?.name),
  "approval.ended": (data) => oneLine(data.verdict ?? ""),
  "interaction.requested": (data) => `${text(data.action) || "samples"} to ${list(data.targets)}`,
  "interaction.ended": (data) => `${text(data.target)}: ${text(data.status)}${reason(data)}`,
  "interaction.accepted": (data) => text(data.target),
  "behaviour.transitioned": (data) => `${text(data.from)} → ${text(data.to)} by ${text(data.action)}`,
  "entity.created": (data) => `${text(data.kind)} ${text(data.id)}`,
  "entity.updated": (data) => `${text(data.kind)} ${text(data.id)}`,
  "entity.changed": (data) => Object.keys((data.change as Data | undefined) ?? {}).join(", "),
  "stream.appended": (data) => `${text(data.stream)}: ${(data.values as unknown[] | undefined)?.length ?? 0} from ${text(data.first)}`,
  "stream.declared": (data) => text(data.stream),
  "badge.awarded": (data) => `${text(data.type)} for ${text(data.entity)}`,
  "flow.event": (data) => `${text(data.type)} ${oneLine(data.data ?? "")}`,
  "chat.created": (data) => `${text(data.id)} ${text(data.title)}`,
};

/** What an event says, on one line. */
export function summaryOf(event: CloudEvent): string {
  const data = event.data as Data | null;
  if (data === null || typeof data !== "object") return oneLine(data ?? "");
  if (typeof event.summary === "string" && event.summary !== "") return oneLine(event.summary);
  const summary = SUMMARIES[event.type];
  return summary === undefined ? oneLine(data) : summary(data);
}

/** The calls that a run asks for, what came of it, or what it has cost. */
function completed(data: Data): string {
  if (Array.isArray(data.calls)) return `calls ${(data.calls as Data[]).map((call) => text(call.name)).join(", ")}`;
  if (data.output !== undefined && data.output !== null) return oneLine(data.output);
  const usage = data.usage as Data | undefined | null;
  return usage ? `${text(usage.model)}: ${text(usage.input_tokens)} tokens read, ${text(usage.output_tokens)} written` : "";
}

function text(value: unknown): string {
  return value === undefined || value === null ? "" : String(value);
}

function list(value: unknown): string {
  return Array.isArray(value) ? value.join(", ") : text(value);
}

function reason(data: Data): string {
  return data.reason ? ` (${text(data.reason)})` : "";
}
