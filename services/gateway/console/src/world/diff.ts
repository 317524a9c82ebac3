/** The difference between two states, by the paths of what changed. */
export interface Change {
  path: string[];
  kind: "added" | "removed" | "changed";
  before?: unknown;
  after?: unknown;
}

/** More changes than a person reads. */
export const CHANGES_MAX = 2000;
/** What changes with every commit says nothing. */
const LEFT_OUT = new Set(["seq", "at", "log_size"]);

export function changesBetween(before: object, after: object): Change[] {
  const changes: Change[] = [];
  const left = Object.fromEntries(Object.entries(before).filter(([name]) => !LEFT_OUT.has(name)));
  const right = Object.fromEntries(Object.entries(after).filter(([name]) => !LEFT_OUT.has(name)));
  compare(left, right, [], changes);
  return changes;
}

function compare(before: unknown, after: unknown, path: string[], changes: Change[]): void {
  if (changes.length >= CHANGES_MAX || before === after) return;
  const left = partsOf(before);
  const right = partsOf(after);
  if (left === undefined || right === undefined || Array.isArray(before) !== Array.isArray(after)) {
    if (!isSame(before, after)) changes.push({ path, kind: "changed", before, after });
    return;
  }
  for (const [name, value] of left) {
    if (!right.has(name)) push(changes, { path: [...path, name], kind: "removed", before: value });
    else compare(value, right.get(name), [...path, name], changes);
  }
  for (const [name, value] of right) if (!left.has(name)) push(changes, { path: [...path, name], kind: "added", after: value });
}

function push(changes: Change[], change: Change): void {
  if (changes.length < CHANGES_MAX) changes.push(change);
}

/** The parts of a map or a list by name. Members of a list that have an id are named by it, so that a new one in front moves none. */
function partsOf(value: unknown): Map<string, unknown> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  const names = value.map((part, index) => nameOf(part) ?? String(index));
  const isUnique = new Set(names).size === names.length;
  return new Map(value.map((part, index) => [isUnique ? (names[index] ?? "") : String(index), part]));
}

function nameOf(part: unknown): string | undefined {
  if (typeof part !== "object" || part === null) return undefined;
  const fields = part as Record<string, unknown>;
  const id = fields.id ?? fields.target;
  return typeof id === "string" ? id : undefined;
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
