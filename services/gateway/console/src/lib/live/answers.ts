/** Answers while they are generated, put together from their pieces. */
import type { Chunk, CloudEvent } from "../api/types";

export interface Answer {
  run: string;
  attempt: number;
  agent: string;
  chat: string | undefined;
  turn: string | undefined;
  text: string;
  /** The index of the next piece. */
  next: number;
  /** Whether a piece was lost: the whole text comes with the message. */
  hasGap: boolean;
}

export type Answers = ReadonlyMap<string, Answer>;

/** The answers after more pieces: a higher attempt begins an answer anew. */
export function withChunks(answers: Answers, chunks: Chunk[]): Answers {
  const changed = new Map(answers);
  for (const chunk of chunks) {
    if (chunk.progress) continue;
    const before = changed.get(chunk.invocation);
    if (before !== undefined && chunk.attempt < before.attempt) continue;
    const isNew = before === undefined || chunk.attempt > before.attempt;
    const next = isNew ? 0 : before.next;
    if (chunk.index < next) continue;
    changed.set(chunk.invocation, {
      run: chunk.invocation,
      attempt: chunk.attempt,
      agent: chunk.agent,
      chat: chunk.chat ?? undefined,
      turn: chunk.turn ?? undefined,
      text: (isNew ? "" : before.text) + chunk.text,
      next: chunk.index + 1,
      hasGap: (isNew ? false : before.hasGap) || chunk.index > next,
    });
  }
  return changed;
}

const ENDS = new Set(["action.completed", "action.failed", "action.cancelled"]);

/** The answers that have not ended after these events. */
export function withoutEnded(answers: Answers, events: CloudEvent[]): Answers {
  const ended = events.filter((event) => ENDS.has(event.type)).map(runOf);
  if (!ended.some((run) => run !== undefined && answers.has(run))) return answers;
  const changed = new Map(answers);
  for (const run of ended) if (run !== undefined) changed.delete(run);
  return changed;
}

/** The run that an event ends. */
function runOf(event: CloudEvent): string | undefined {
  const data = event.data as { invocation?: unknown } | null;
  return typeof data?.invocation === "string" ? data.invocation : undefined;
}
