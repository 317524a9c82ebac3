/** Requests to the gateway, typed by its OpenAPI description. */
import { auth } from "../auth.svelte";
import { asProblem, isAbort, problemOf } from "./problem";
import type { paths } from "./schema";

type Method = "get" | "post" | "put" | "patch" | "delete";
type PathsWith<M extends Method> = {
  [P in keyof paths]: paths[P] extends { [K in M]: { responses: unknown } } ? P : never;
}[keyof paths];
type Operation<P extends keyof paths, M extends Method> = paths[P] extends { [K in M]: infer O } ? O : never;
type Parameters<O, Where extends string> = O extends { parameters: { [K in Where]?: infer T } } ? T : never;
type JsonOf<R> = R extends { content: { "application/json": infer T } } ? T : never;
type Body<O> = O extends { requestBody?: infer B } ? JsonOf<NonNullable<B>> : never;
type Status = 200 | 201 | 202;
type Result<O> = O extends { responses: infer R } ? JsonOf<R[keyof R & Status]> : never;

export interface Options<O> {
  path?: Parameters<O, "path">;
  query?: Parameters<O, "query">;
  body?: Body<O>;
  signal?: AbortSignal | undefined;
}

/** Calls one operation and returns the JSON of its answer; throws a `Problem`. */
export async function call<M extends Method, P extends PathsWith<M>>(
  method: M,
  path: P,
  options: Options<Operation<P, M>> = {},
): Promise<Result<Operation<P, M>>> {
  const address = addressOf(path as string, options.path as Values, options.query as Values);
  const response = await send(method, address, options.body, options.signal);
  return (await response.json()) as Result<Operation<P, M>>;
}

/** Reads a text: a diagram, or what a probe answers. */
export async function readText(address: string, signal?: AbortSignal): Promise<string> {
  return (await send("get", address, undefined, signal)).text();
}

type Values = Record<string, unknown> | undefined;

/** Fills in the parts of a path, and appends the query without what is undefined. */
export function addressOf(path: string, parts: Values, query: Values): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(parts?.[name])));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text === "" ? filled : `${filled}?${text}`;
}

/** Sends a request with the person's key, and throws a `Problem` unless it succeeded. */
export async function send(method: Method, address: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const headers = new Headers(auth.headers());
  const init: RequestInit = { method: method.toUpperCase(), headers, signal: signal ?? null };
  if (body !== undefined) {
    headers.set("content-type", "application/json");
    init.body = JSON.stringify(body);
  }
  // A repeat after a lost answer must not take effect twice.
  if (method !== "get") headers.set("idempotency-key", crypto.randomUUID?.() ?? fallbackKey());
  let response: Response;
  try {
    response = await fetch(address, init);
  } catch (error) {
    throw isAbort(error) ? error : asProblem(error);
  }
  if (response.ok) return response;
  if (response.status === 401) auth.refuse();
  throw problemOf(response.status, await response.text());
}

/** A key where the page was not loaded over HTTPS or from this machine. */
function fallbackKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
