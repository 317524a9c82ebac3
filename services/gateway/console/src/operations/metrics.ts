/** Reads metrics in the text format of Prometheus, as far as this page shows them. */
export interface Metric {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const LINE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

export function parseMetrics(text: string): Metric[] {
  const metrics: Metric[] = [];
  for (const line of text.split("\n")) {
    const match = LINE.exec(line);
    if (match === null || line.startsWith("#")) continue;
    const labels: Record<string, string> = {};
    for (const [, name = "", value = ""] of (match[2] ?? "").matchAll(LABEL)) labels[name] = value;
    metrics.push({ name: match[1] ?? "", labels, value: Number(match[3]) });
  }
  return metrics;
}

export interface RouteUse {
  method: string;
  route: string;
  requests: number;
  errors: number;
  seconds: number;
}

/** How often each route was called, how many of the answers were errors, and how long they took. */
export function routesOf(metrics: Metric[]): RouteUse[] {
  const routes = new Map<string, RouteUse>();
  for (const { name, labels, value } of metrics) {
    const part = /^http_server_request_duration_seconds_(count|sum)$/.exec(name)?.[1];
    if (part === undefined) continue;
    const method = labels.http_request_method ?? "";
    const route = labels.http_route ?? "";
    const use = routes.get(`${method} ${route}`) ?? { method, route, requests: 0, errors: 0, seconds: 0 };
    if (part === "sum") use.seconds += value;
    else {
      use.requests += value;
      if (Number(labels.http_response_status_code) >= 400) use.errors += value;
    }
    routes.set(`${method} ${route}`, use);
  }
  return [...routes.values()].sort((a, b) => b.requests - a.requests);
}

/** A number of a process as it is now: what is no part of a histogram, and no total. */
export interface Gauge {
  name: string;
  label: string;
  value: number;
}

/** The gauges of a process, those of an action apart: a table of actions can be read, a list of a hundred lines can't. */
export function gaugesOf(metrics: Metric[]): { single: Gauge[]; actions: { action: string; values: Map<string, number> }[]; columns: string[] } {
  const single: Gauge[] = [];
  const actions = new Map<string, Map<string, number>>();
  const columns = new Set<string>();
  for (const { name, labels, value } of metrics) {
    if (/_(bucket|count|sum|total|info)$/.test(name) || name.includes("_seconds")) continue;
    const words = name.replace(/^manyworlds_/, "").replaceAll("_", " ");
    const own = Object.entries(labels).filter(([label]) => !label.startsWith("otel_"));
    const action = labels.action;
    if (action === undefined) {
      single.push({ name: words, label: own.map(([, text]) => text).join(", "), value });
      continue;
    }
    columns.add(words);
    const values = actions.get(action) ?? new Map<string, number>();
    values.set(words, value);
    actions.set(action, values);
  }
  const rows = [...actions].map(([action, values]) => ({ action, values }));
  return { single, actions: rows.sort((a, b) => a.action.localeCompare(b.action)), columns: [...columns].sort() };
}
