/** One world, followed live: what every view of it reads. */
import { SvelteMap } from "svelte/reactivity";

import { call } from "../api/client";
import { asProblem, type Problem } from "../api/problem";
import type { Chunk, CloudEvent } from "../api/types";
import { NO_ANSWERS, withChunks, withoutEnded, type Answers } from "./answers";
import { Backfill, type Page } from "./backfill";
import { pauseBefore } from "./backoff";
import { Follower, type Status } from "./follow";
import { FrameBatch } from "./frame";
import { held } from "./held";
import { EventLog, EVENTS_MAX } from "./log";
import { seqOf } from "./position";
import { worldSource } from "./source";

/** How many of the newest events are read before the stream begins. */
const FIRST_PAGE = 200;
/** Views read again at most so often while events arrive. */
const REREAD_MS = 400;
/** A page of older events is tried again so often before somebody has to ask for it. */
const RETRIES_MAX = 5;

export class LiveWorld {
  readonly log = new EventLog();
  /** Grows whenever the log does: what derives something from the log reads it. */
  version = $state(0);
  /** The same, a few times a second at most: for what looks at the whole log. */
  slowVersion = $state(0);
  status = $state.raw<Status>({ state: "connecting" });
  /** The last commit that is known. */
  seq = $state(0);
  firstSeq = $state(1);
  answers = $state.raw<Answers>(NO_ANSWERS);
  backfilling = $state(false);
  problem = $state.raw<Problem | undefined>();
  #touched = new SvelteMap<string, number>();
  #dirty = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #controller = new AbortController();
  #backfill: Backfill | undefined;
  #events = new FrameBatch<CloudEvent>((events) => this.#take(events));
  #chunks = new FrameBatch<Chunk>((chunks) => (this.answers = withChunks(this.answers, chunks)));

  constructor(readonly id: string) {}

  /** Reads the newest events, and follows from there until `close`. */
  async start(): Promise<void> {
    const signal = this.#controller.signal;
    try {
      const path = { world: this.id };
      const [world, page] = await Promise.all([
        call("get", "/v1/worlds/{world}", { path, signal }),
        call("get", "/v1/worlds/{world}/events", { path, query: { last: true, limit: FIRST_PAGE }, signal }),
      ]);
      this.firstSeq = world.first_seq ?? 1;
      this.seq = world.seq ?? 0;
      const commits = Math.max(1, this.seq - this.firstSeq + 1);
      this.#backfill = new Backfill((after) => this.#page(after), this.firstSeq, (world.log_size?.events ?? commits) / commits);
      this.#take(page.events.map(held));
      if (page.events.length < FIRST_PAGE) this.log.isWhole = true;
    } catch (error) {
      if (signal.aborted) return;
      this.problem = asProblem(error);
      if (!this.problem.isTransient) {
        this.status = { state: "stopped", problem: this.problem };
        return;
      }
    }
    await this.#follow(signal);
  }

  close(): void {
    this.#controller.abort();
    clearTimeout(this.#timer);
  }

  /** A number that grows after events whose types begin with one of these words. */
  changes(...words: string[]): number {
    return words.reduce((sum, word) => sum + (this.#touched.get(word) ?? 0), 0);
  }

  /** Reads older events. */
  async loadOlder(): Promise<void> {
    const first = this.log.first;
    if (this.backfilling || this.log.isWhole || first === undefined) return;
    this.backfilling = true;
    this.problem = undefined;
    this.#backfill ??= new Backfill((after) => this.#page(after), this.firstSeq);
    try {
      const { events, isWhole } = await this.#backfill.before(first.sequence);
      this.log.prepend(events);
      this.log.isWhole = isWhole;
      this.version += 1;
      this.#timer ??= setTimeout(() => this.#touch(), REREAD_MS);
    } catch (error) {
      if (!this.#controller.signal.aborted) this.problem = asProblem(error);
    } finally {
      this.backfilling = false;
    }
  }

  /** Reads all older events, as far as the page can hold them. */
  async loadAll(): Promise<void> {
    let failures = 0;
    while (!this.log.isWhole && this.log.events.length < EVENTS_MAX / 2 && !this.#controller.signal.aborted) {
      const before = this.log.events.length;
      await this.loadOlder();
      if (this.log.events.length > before) failures = 0;
      else {
        failures += 1;
        if (this.problem?.isTransient !== true || failures > RETRIES_MAX) return;
        await new Promise((resolve) => setTimeout(resolve, pauseBefore(failures)));
      }
    }
  }

  /** Reads older events until a commit is among them. */
  async loadBackTo(seq: number): Promise<void> {
    while (!this.log.isWhole && seqOf(this.log.first?.sequence ?? "0.0") > seq) {
      const before = this.log.events.length;
      await this.loadOlder();
      if (this.log.events.length === before) return;
    }
  }

  async #page(after: string): Promise<Page> {
    const path = { world: this.id };
    const query = { after, limit: 1000 };
    const { events, next } = await call("get", "/v1/worlds/{world}/events", { path, query, signal: this.#controller.signal });
    return { events: events.map(held), next };
  }

  #follow(signal: AbortSignal): Promise<void> {
    const sink = {
      events: (events: CloudEvent[]) => this.#events.push(events.map(held)),
      chunks: (chunks: Chunk[]) => this.#chunks.push(chunks),
      status: (status: Status) => (this.status = status),
      reset: () => {
        this.log.clear();
        this.version += 1;
      },
    };
    const after = this.log.last?.sequence ?? "0";
    return new Follower(worldSource(this.id), sink, after).run(signal);
  }

  #take(events: CloudEvent[]): void {
    const added = this.log.append(events);
    if (added === 0) return;
    const last = this.log.last;
    if (last !== undefined) this.seq = Math.max(this.seq, seqOf(last.sequence));
    this.answers = withoutEnded(this.answers, events);
    this.version += 1;
    for (const event of events) this.#dirty.add(event.type.split(".", 1)[0] ?? event.type);
    this.#timer ??= setTimeout(() => this.#touch(), REREAD_MS);
  }

  #touch(): void {
    this.#timer = undefined;
    for (const word of this.#dirty) this.#touched.set(word, (this.#touched.get(word) ?? 0) + 1);
    this.#dirty.clear();
    this.slowVersion += 1;
  }
}
