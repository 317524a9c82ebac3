/** Where traces are shown: read once, since it is a setting of the gateway. */
import { readSystem } from "./api/system";

class Traces {
  #template = $state<string | undefined>();
  #isAsked = false;

  /** The address of a trace, when a viewer is configured. */
  link(trace: string): string | undefined {
    if (!this.#isAsked) {
      this.#isAsked = true;
      readSystem().then(
        (system) => (this.#template = safe(system?.trace_url)),
        () => (this.#isAsked = false),
      );
    }
    return this.#template?.replace("{trace_id}", encodeURIComponent(trace));
  }
}

function safe(address: string | null | undefined): string | undefined {
  return address !== null && address !== undefined && /^https?:\/\//i.test(address) ? address : undefined;
}

export const traces = new Traces();
