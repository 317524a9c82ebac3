/**
 * Events as the page holds them, up to 250,000. The payload of one stays a text until somebody reads it: a collection of
 * garbage visits every object, and a text is one, whatever it has in it.
 */
import type { CloudEvent } from "../api/types";

/** Fields whose few values are in most events: these share one string. */
const SHARED = ["type", "sender", "target", "chat", "source", "world", "specversion", "datacontenttype", "dataschema"] as const;
/** More different values than this are not shared. */
const STRINGS_MAX = 20_000;
const strings = new Map<string, string>();

class HeldEvent {
  readonly payload: string;

  constructor(event: CloudEvent) {
    const { data, ...rest } = event;
    this.payload = JSON.stringify(data) ?? "null";
    const fields = rest as Record<string, unknown>;
    for (const name of SHARED) {
      const value = fields[name];
      if (typeof value === "string") fields[name] = shared(value);
    }
    Object.assign(this, fields);
  }

  get data(): unknown {
    if (read.event !== this) {
      read.event = this;
      read.data = JSON.parse(this.payload);
    }
    return read.data;
  }
}

/** The payload that was read last: whoever reads one reads it several times. */
const read: { event: HeldEvent | undefined; data: unknown } = { event: undefined, data: undefined };

/** The same event, to be held for long. */
export function held(event: CloudEvent): CloudEvent {
  return new HeldEvent(event) as unknown as CloudEvent;
}

/** The payload as text. */
export function payloadOf(event: CloudEvent): string {
  return event instanceof HeldEvent ? event.payload : (JSON.stringify(event.data) ?? "null");
}

function shared(value: string): string {
  const known = strings.get(value);
  if (known !== undefined) return known;
  if (strings.size < STRINGS_MAX) strings.set(value, value);
  return value;
}
