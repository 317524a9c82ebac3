/** Causes and effects: which event led to which. */
import type { CloudEvent } from "../lib/api/types";

const CAUSES_MAX = 50;
const EFFECTS_MAX = 100;

/** The causes of an event, the first one first. `find` knows an event by its id. */
export function causesOf(event: CloudEvent, find: (id: string) => CloudEvent | undefined): CloudEvent[] {
  const causes: CloudEvent[] = [];
  const seen = new Set([event.id]);
  let id = event.causationid ?? undefined;
  while (id !== undefined && !seen.has(id) && causes.length < CAUSES_MAX) {
    seen.add(id);
    const cause = find(id);
    if (cause === undefined) break;
    causes.unshift(cause);
    id = cause.causationid ?? undefined;
  }
  return causes;
}

/** What an event has caused directly, in the order of the log. */
export function effectsOf(event: CloudEvent, events: CloudEvent[]): CloudEvent[] {
  const effects: CloudEvent[] = [];
  for (const other of events) {
    if (other.causationid === event.id && other.id !== event.id) effects.push(other);
    if (effects.length >= EFFECTS_MAX) break;
  }
  return effects;
}

/** The id of the trace in a `traceparent`: `00-TRACE-SPAN-FLAGS`. */
export function traceOf(event: CloudEvent): string | undefined {
  const part = event.traceparent?.split("-")[1];
  return part !== undefined && part.length === 32 ? part : undefined;
}
