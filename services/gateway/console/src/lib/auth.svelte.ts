/** The API key of the person, which lives as long as the tab does. */
const STORED_AS = "manyworlds.api_key";

class Auth {
  /** Whether the gateway has refused a request for want of a key. */
  needed = $state(false);
  /** Whether a key was given and refused. */
  refused = $state(false);
  /** Grows with each key that is entered: what was read with another one is read again. */
  epoch = $state(0);
  #key = sessionStorage.getItem(STORED_AS) ?? "";

  headers(): Record<string, string> {
    return this.#key === "" ? {} : { authorization: `Bearer ${this.#key}` };
  }

  get hasKey(): boolean {
    return this.#key !== "";
  }

  enter(key: string): void {
    this.#key = key.trim();
    sessionStorage.setItem(STORED_AS, this.#key);
    this.needed = false;
    this.refused = false;
    this.epoch += 1;
  }

  forget(): void {
    this.#key = "";
    sessionStorage.removeItem(STORED_AS);
    this.epoch += 1;
  }

  refuse(): void {
    this.refused = this.#key !== "";
    this.needed = true;
  }
}

export const auth = new Auth();
