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

/** The gauges of a gateway that say how busy it is: everything that is no part of a histogram and no total. */
export function gaugesOf(metrics: Metric[]): { name: string; value: number }[] {
  return metrics
    .filter(({ name }) => !/_(bucket|count|sum|total|info)$/.test(name))
    .map(({ name, labels, value }) => {
      const own = Object.entries(labels).filter(([label]) => !label.startsWith("otel_"));
      return { name: own.length === 0 ? name : `${name} (${own.map((pair) => pair.join(" ")).join(", ")})`, value };
    });
}
