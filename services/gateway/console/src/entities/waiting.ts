import type { components } from "../lib/api/schema";
import { relativeTime } from "../lib/format";

/** What a transition waits for, in words. */
export function waitText(waiting: components["schemas"]["Waiting"]): string {
  const reasons: Record<string, string> = {
    request: "a request", data: "a sample", change: "a change", completion: "what it has begun",
  };
  const reason = waiting.for === "time" ? (waiting.at ? relativeTime(waiting.at) : "a time") : (reasons[waiting.for] ?? waiting.for);
  return `${waiting.action} (${reason})`;
}
