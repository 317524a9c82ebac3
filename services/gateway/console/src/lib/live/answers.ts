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

/** The answers that have not ended, by their runs, and the runs that have: what comes late for these is left out. */
export interface Answers {
  open: ReadonlyMap<string, Answer>;
  ended: ReadonlySet<string>;
}

export const NO_ANSWERS: Answers = { open: new Map(), ended: new Set() };

/** Pieces are not ordered with events: one may come after the end of its run, though hardly after this many others. */
const ENDED_MAX = 2000;

/** The answers after more pieces: a higher attempt begins an answer anew. */
export function withChunks(answers: Answers, chunks: Chunk[]): Answers {
  const open = new Map(answers.open);
  for (const chunk of chunks) {
    if (chunk.progress || answers.ended.has(chunk.invocation)) continue;
    const before = open.get(chunk.invocation);
    if (before !== undefined && chunk.attempt < before.attempt) continue;
    const isNew = before === undefined || chunk.attempt > before.attempt;
    const next = isNew ? 0 : before.next;
    if (chunk.index < next) continue;
    open.set(chunk.invocation, {
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
  return { ...answers, open };
}

const ENDS = new Set(["action.completed", "action.failed", "action.cancelled"]);

/** The answers that have not ended after these events. */
export function withoutEnded(answers: Answers, events: CloudEvent[]): Answers {
  const runs = events.filter((event) => ENDS.has(event.type)).map(runOf).filter((run) => run !== undefined);
  if (runs.length === 0) return answers;
  const ended = new Set([...answers.ended, ...runs].slice(-ENDED_MAX));
  if (!runs.some((run) => answers.open.has(run))) return { open: answers.open, ended };
  const open = new Map(answers.open);
  for (const run of runs) open.delete(run);
  return { open, ended };
}

/** The run that an event ends. */
function runOf(event: CloudEvent): string | undefined {
  const data = event.data as { invocation?: unknown } | null;
  return typeof data?.invocation === "string" ? data.invocation : undefined;
}
