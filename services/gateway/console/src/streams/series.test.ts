import { describe, expect, it } from "vitest";

import type { Sample } from "../lib/api/types";
import { gaugesOf, parseMetrics, routesOf } from "../operations/metrics";
import { linesOf, numbersOf, sparkline } from "./series";

const sample = (position: number, value: unknown): Sample => ({ position, tag: position, value, at: "2026-01-01T00:00:00Z", interaction: null }) as Sample;

describe("samples", () => {
  it("are lines when they are numbers or tensors", () => {
    expect(linesOf([sample(0, 1), sample(1, null), sample(2, 3)])?.lines).toEqual([[1, null, 3]]);
    expect(linesOf([sample(0, [1, [2, 3]]), sample(1, [4, [5, 6]])])?.lines).toEqual([[1, 4], [2, 5], [3, 6]]);
    expect(linesOf([sample(0, "text")])).toBeUndefined();
    expect(numbersOf([[[1, 2, 3, 4]], 5, 6, 7, 8])).toHaveLength(6);
  });

  it("become a path with gaps", () => {
    expect(sparkline([0, 1, null, 1, 0], 100, 10)).toBe("M0.0 10.0L25.0 0.0M75.0 0.0L100.0 10.0");
    expect(sparkline([1], 100, 10)).toBe("");
    expect(sparkline([2, 2], 10, 10)).not.toContain("NaN");
  });
});

describe("metrics", () => {
  const text = `# HELP x y
http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="200",http_route="/v1/worlds"} 3
http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="404",http_route="/v1/worlds"} 1
http_server_request_duration_seconds_sum{http_request_method="GET",http_response_status_code="200",http_route="/v1/worlds"} 0.5
manyworlds_gateway_connections{otel_scope_name="gateway",transport="sse"} 2
manyworlds_worker_running{action="respond"} 4
`;

  it("are grouped by route, by action and by themselves", () => {
    const metrics = parseMetrics(text);
    expect(routesOf(metrics)).toEqual([{ method: "GET", route: "/v1/worlds", requests: 4, errors: 1, seconds: 0.5 }]);
    const gauges = gaugesOf(metrics);
    expect(gauges.single).toEqual([{ name: "gateway connections", label: "sse", value: 2 }]);
    expect(gauges.actions[0]).toMatchObject({ action: "respond" });
  });
});
