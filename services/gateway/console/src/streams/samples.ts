import { call } from "../lib/api/client";
import type { Sample, Stream } from "../lib/api/types";

/** The newest samples of a stream, oldest first. */
export async function readTail(world: string, stream: Stream, length: number, amount: number, at: number | undefined, signal: AbortSignal): Promise<Sample[]> {
  if (length === 0) return [];
  const path = { world, owner: stream.owner, name: stream.name };
  const samples: Sample[] = [];
  let from = Math.max(0, length - amount);
  // A page may be shorter than its limit.
  while (from < length) {
    const query = { from, to: length - 1, limit: Math.min(1000, amount), at };
    const page = await call("get", "/v1/worlds/{world}/streams/{owner}/{name}/samples", { path, query, signal });
    samples.push(...page.samples);
    if (page.next <= from || page.samples.length === 0) break;
    from = page.next;
  }
  return samples;
}
