/** What is read from the API and shown: the newest answer stays while the next one is on its way. */
import { untrack } from "svelte";

import { asProblem, isAbort, type Problem } from "./api/problem";
import { auth } from "./auth.svelte";

export class Resource<T> {
  value = $state.raw<T | undefined>();
  problem = $state.raw<Problem | undefined>();
  loading = $state(true);
  #round = $state(0);

  /** `read` runs again when anything reactive that it reads before its first `await` changes. */
  constructor(read: (signal: AbortSignal) => Promise<T>) {
    $effect(() => {
      void this.#round;
      void auth.epoch;
      const controller = new AbortController();
      const promise = read(controller.signal);
      untrack(() => (this.loading = true));
      promise.then(
        (value) => {
          if (controller.signal.aborted) return;
          this.value = value;
          this.problem = undefined;
          this.loading = false;
        },
        (error: unknown) => {
          if (controller.signal.aborted || isAbort(error)) return;
          this.problem = asProblem(error);
          this.loading = false;
        },
      );
      return () => controller.abort();
    });
  }

  reload(): void {
    this.#round += 1;
  }
}

/** Runs a write, and keeps its problem for the form that asked for it. */
export class Action {
  problem = $state.raw<Problem | undefined>();
  busy = $state(false);

  async run(write: () => Promise<unknown>): Promise<boolean> {
    this.busy = true;
    this.problem = undefined;
    try {
      await write();
      return true;
    } catch (error) {
      this.problem = asProblem(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
