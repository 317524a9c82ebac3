/** Collects what arrives, and hands it over once per animation frame: a page can show no more than that. */
export class FrameBatch<T> {
  #items: T[] = [];
  #isScheduled = false;

  constructor(
    private readonly flush: (items: T[]) => void,
    private readonly schedule: (run: () => void) => void = nextFrame,
  ) {}

  push(items: T[]): void {
    for (const item of items) this.#items.push(item);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.schedule(() => {
      this.#isScheduled = false;
      const taken = this.#items;
      this.#items = [];
      this.flush(taken);
    });
  }
}

/** A hidden page has no frames, and goes on in the background. */
function nextFrame(run: () => void): void {
  if (document.hidden) setTimeout(run, 200);
  else requestAnimationFrame(run);
}
