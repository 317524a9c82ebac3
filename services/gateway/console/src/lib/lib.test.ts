import { describe, expect, it } from "vitest";

import { asProblem, Problem, problemOf } from "./api/problem";
import { bytes, duration, oneLine, plural, relativeTime } from "./format";
import { parseInline, parseMarkdown, type Inline } from "./markdown";
import { formatRoute, parseRoute } from "./route";

describe("problems", () => {
  it("are read from what the API sends", () => {
    const problem = problemOf(422, '{"title":"Unprocessable","detail":"no such role","code":"invalid","field":"entities[0].role"}');
    expect(problem).toMatchObject({ status: 422, code: "invalid", field: "entities[0].role", message: "no such role" });
    expect(problem.isTransient).toBe(false);
  });

  it("are made of whatever else comes", () => {
    expect(problemOf(502, "<html>").title).toContain("502");
    expect(problemOf(503, "null").isTransient).toBe(true);
    expect(asProblem(new TypeError("failed to fetch"))).toMatchObject({ status: 0, isTransient: true });
    const same = new Problem(404, "a", "b", "c");
    expect(asProblem(same)).toBe(same);
  });
});

describe("routes", () => {
  it("come back as they were", () => {
    const hash = formatRoute(["w", "a/b", "streams", "x:y z"], { at: "41", from: undefined });
    expect(parseRoute(hash)).toEqual({ parts: ["w", "a/b", "streams", "x:y z"], query: { at: "41" } });
    expect(parseRoute("")).toEqual({ parts: [], query: {} });
    expect(parseRoute("#/w/%E0%A4%A").parts).toEqual(["w", "%E0%A4%A"]);
  });
});

describe("formats", () => {
  it("write sizes, spans and amounts", () => {
    expect(bytes(999)).toBe("999 B");
    expect(bytes(1_500_000)).toBe("1.5 MB");
    expect(duration(0.0321)).toBe("32 ms");
    expect(duration(600)).toBe("10 min");
    expect(plural(1, "event")).toBe("1 event");
    expect(relativeTime("2026-01-01T00:01:00Z", Date.parse("2026-01-01T00:00:00Z"))).toBe("in 60 s");
    expect(oneLine({ a: "x\ny" }, 8)).toHaveLength(8);
  });
});

describe("Markdown", () => {
  it("has blocks", () => {
    const blocks = parseMarkdown("# Head\n\none\ntwo\n\n- a\n- b\n  more\n\n1. c\n\n```rust\nlet x = 1;\n```\n> said");
    expect(blocks.map((block) => block.kind)).toEqual(["heading", "paragraph", "list", "list", "code", "quote"]);
    expect(blocks[2]).toMatchObject({ ordered: false });
    expect(blocks[4]).toEqual({ kind: "code", language: "rust", text: "let x = 1;" });
  });

  it("ends an open fence with the text, as an answer that is still written has", () => {
    expect(parseMarkdown("```\nabc")).toEqual([{ kind: "code", language: "", text: "abc" }]);
  });

  it("has emphasis, code and links to web pages only", () => {
    expect(parseInline("a **b `c`** *d*").map((part) => part.kind)).toEqual(["text", "strong", "text", "emphasis"]);
    expect(parseInline("[x](https://a.example/b)")).toMatchObject([{ kind: "link", href: "https://a.example/b" }]);
    expect(parseInline("see https://a.example/b.")).toMatchObject([{ kind: "text" }, { kind: "link", href: "https://a.example/b" }, { kind: "text", text: "." }]);
    for (const evil of ["[x](javascript:alert(1))", "[x](data:text/html,a)", "<img src=x onerror=alert(1)>", "[x](//evil.example)"]) {
      expect(flat(parseInline(evil)).every((part) => part.kind !== "link")).toBe(true);
      expect(flat(parseInline(evil)).map((part) => ("text" in part ? part.text : "")).join("")).toBe(evil);
    }
  });

  it("keeps every letter of what is no Markdown", () => {
    for (const text of ["2 * 3 * 4", "snake_case_name", "**", "`", "a ** b", "[x]", "*".repeat(500), "**".repeat(200) + "x"]) {
      expect(flat(parseInline(text)).map((part) => ("text" in part ? part.text : "")).join("").length).toBeGreaterThan(0);
    }
    expect(parseInline("snake_case_name")).toEqual([{ kind: "text", text: "snake_case_name" }]);
  });
});

function flat(parts: Inline[]): Inline[] {
  return parts.flatMap((part) => ("children" in part ? flat(part.children) : [part]));
}
