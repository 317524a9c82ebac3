/** What the API answers instead of a result: RFC 9457, and what has no answer at all. */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    /** The HTTP status, or 0 when there was no answer. */
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly code: string,
    /** The path of the field at fault. */
    readonly field?: string,
  ) {
    super(detail === "" ? title : detail);
  }

  /** Whether the same request may succeed later. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The problem that a response with an error status holds. */
export function problemOf(status: number, body: string): Problem {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = undefined;
  }
  if (typeof parsed !== "object" || parsed === null) {
    return new Problem(status, `The gateway answered ${status}`, body.slice(0, 200), "unreadable");
  }
  const fields = parsed as Record<string, unknown>;
  const text = (name: string) => (typeof fields[name] === "string" ? (fields[name] as string) : "");
  const title = text("title") || `The gateway answered ${status}`;
  return new Problem(status, title, text("detail"), text("code"), text("field") || undefined);
}

/** Any error as a problem: what is none of the API's is a lost connection. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new Problem(0, "No answer from the gateway", detail, "no_answer");
}

/** Whether this error is only the end of a request that nobody waits for any more. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
