/** Prices of models, which the API does not know: entered by the person, kept in the browser. */
import type { Price } from "./usage";

const STORED_AS = "manyworlds.prices";

class Prices {
  #all = $state.raw<Record<string, Price>>(stored());

  of(model: string): Price | undefined {
    return this.#all[model];
  }

  set(model: string, part: keyof Price, value: number): void {
    const before = this.#all[model] ?? { input: 0, output: 0 };
    this.#all = { ...this.#all, [model]: { ...before, [part]: Number.isFinite(value) ? value : 0 } };
    localStorage.setItem(STORED_AS, JSON.stringify(this.#all));
  }
}

function stored(): Record<string, Price> {
  try {
    return JSON.parse(localStorage.getItem(STORED_AS) ?? "{}") as Record<string, Price>;
  } catch {
    return {};
  }
}

export const prices = new Prices();
