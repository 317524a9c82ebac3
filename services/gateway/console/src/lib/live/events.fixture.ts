/** Events for tests. */
import type { CloudEvent } from "../api/types";

export function event(sequence: string, more: Record<string, unknown> = {}): CloudEvent {
  return {
    specversion: "1.0",
    id: `id-${sequence}`,
    type: "myapp.test",
    source: "/worlds/w/entities/a",
    time: "2026-01-01T00:00:00.000Z",
    datacontenttype: "application/json",
    world: "w",
    sender: "a",
    sequence,
    data: {},
    ...more,
  } as unknown as CloudEvent;
}

/** One event in each of these commits. */
export function commits(...seqs: number[]): CloudEvent[] {
  return seqs.map((seq) => event(`${seq}.0`));
}
