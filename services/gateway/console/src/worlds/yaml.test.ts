import { describe, expect, it } from "vitest";

import { fieldParts, parseWorldFile } from "./yaml";

function parsed(text: string) {
  const result = parseWorldFile(text);
  if ("faults" in result) throw new Error(result.faults[0]?.message);
  return result;
}

describe("world files", () => {
  it("are YAML or JSON", () => {
    expect(parsed("id: tea\nentities: [{id: ada, kind: agent}]").value).toEqual({
      id: "tea",
      entities: [{ id: "ada", kind: "agent" }],
    });
    expect(parsed('{"id": "tea"}').value).toEqual({ id: "tea" });
  });

  it("name the line of what is not YAML", () => {
    const result = parseWorldFile("id: tea\nname: [one, two\nturn_limit: 3\n");
    expect("faults" in result && result.faults[0]?.place?.line).toBeGreaterThan(1);
  });

  it("have every field once", () => {
    const result = parseWorldFile("id: tea\nid: coffee\n");
    expect("faults" in result && result.faults[0]?.place?.line).toBe(2);
  });

  it("have to be a map", () => {
    expect(parseWorldFile("- id")).toHaveProperty("faults");
    expect(parseWorldFile("")).toHaveProperty("faults");
  });

  it("read a number with a leading zero as a text", () => {
    expect(parsed("id: w\nmetadata: {postal_code: 0150, count: 10, share: 0.5}").value).toEqual({
      id: "w",
      metadata: { postal_code: "0150", count: 10, share: 0.5 },
    });
  });

  it("know the place of a field, or of what is around it", () => {
    const { placeOf } = parsed("id: tea\nentities:\n  - id: ada\n    kind: agent\n  - id: bob\n    kind: robot\n");
    expect(placeOf("entities[1].kind")).toEqual({ line: 6, column: 11 });
    expect(placeOf("entities[1].agent.brain")?.line).toBe(5);
    expect(placeOf("nowhere")).toBeUndefined();
  });
});

it("splits the path of a field", () => {
  expect(fieldParts("edges[0][1]")).toEqual(["edges", 0, 1]);
  expect(fieldParts("streams.sensor:recorded.generator")).toEqual(["streams", "sensor:recorded", "generator"]);
});
