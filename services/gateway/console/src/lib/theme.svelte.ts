/** Light or dark: as the system has it, or as the person chose. */
export type Choice = "system" | "light" | "dark";
const STORED_AS = "manyworlds.theme";

class Theme {
  choice = $state<Choice>(stored());

  constructor() {
    apply(this.choice);
  }

  next(): void {
    const order: Choice[] = ["system", "light", "dark"];
    this.choice = order[(order.indexOf(this.choice) + 1) % order.length] ?? "system";
    localStorage.setItem(STORED_AS, this.choice);
    apply(this.choice);
  }
}

function stored(): Choice {
  const value = localStorage.getItem(STORED_AS);
  return value === "light" || value === "dark" ? value : "system";
}

function apply(choice: Choice): void {
  if (choice === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
}

export const theme = new Theme();
