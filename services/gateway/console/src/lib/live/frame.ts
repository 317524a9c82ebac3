/** Collects what arrives, and hands it over once per animation frame: a page can show no more than that. */
export class FrameBatch<T> {
  #items: T[] = [];
  #isScheduled = false;
  /** How many there were the last time. */
  #last = 0;

  constructor(
    private readonly flush: (items: T[]) => void,
    private readonly schedule: (run: () => void) => void = pacedFrames(() => this.#last),
  ) {}

  push(items: T[]): void {
    for (const item of items) this.#items.push(item);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.schedule(() => {
      this.#isScheduled = false;
      const taken = this.#items;
      this.#items = [];
      this.#last = taken.length;
      this.flush(taken);
    });
  }
}

/** While so many events arrive with each frame, nobody reads them: the page is drawn less often, and stays quick. */
const MANY = 5;
const PAUSE_WHEN_MANY_MS = 60;

/** The frames of the page: each at once while little arrives, one after a pause while much does. */
export function pacedFrames(size: () => number): (run: () => void) => void {
  let last = 0;
  return (run) => {
    const pause = size() > MANY ? PAUSE_WHEN_MANY_MS - (performance.now() - last) : 0;
    const frame = () => {
      last = performance.now();
      run();
    };
    // A hidden page has no frames, and goes on in the background.
    if (document.hidden) setTimeout(frame, 200);
    else if (pause > 0) setTimeout(() => (document.hidden ? frame() : requestAnimationFrame(frame)), pause);
    else requestAnimationFrame(frame);
  };
}
