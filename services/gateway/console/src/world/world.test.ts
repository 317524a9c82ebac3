import { describe, expect, it } from "vitest";

import { commits, event } from "../lib/live/events.fixture";
import { commitAfter, commitBefore, Commits, indexOf } from "./commits";
import { changesBetween } from "./diff";

describe("changes", () => {
  it("are named by their paths", () => {
    const before = { seq: 1, entities: { a: { state: { n: 1 } }, b: {} } };
    const after = { seq: 2, entities: { a: { state: { n: 2 } }, c: {} } };
    expect(changesBetween(before, after)).toEqual([
      { path: ["entities", "a", "state", "n"], kind: "changed", before: 1, after: 2 },
      { path: ["entities", "b"], kind: "removed", before: {} },
      { path: ["entities", "c"], kind: "added", after: {} },
    ]);
  });

  it("know members of lists by their ids", () => {
    const changes = changesBetween({ m: [{ id: "x", t: 1 }] }, { m: [{ id: "y", t: 2 }, { id: "x", t: 1 }] });
    expect(changes).toEqual([{ path: ["m", "y"], kind: "added", after: { id: "y", t: 2 } }]);
  });

  it("are none between equal states", () => {
    expect(changesBetween({ seq: 1, at: "a", x: [1, { y: null }] }, { seq: 9, at: "b", x: [1, { y: null }] })).toEqual([]);
  });

  it("show a value that became another kind", () => {
    expect(changesBetween({ x: [1] }, { x: { 0: 1 } })).toEqual([{ path: ["x"], kind: "changed", before: [1], after: { 0: 1 } }]);
  });
});

describe("commits", () => {
  const events = [...commits(3), event("3.1"), ...commits(8, 12)];

  it("are stepped over the numbers of other worlds", () => {
    expect(commitBefore(events, 8)).toBe(3);
    expect(commitBefore(events, 3)).toBeUndefined();
    expect(commitAfter(events, 3)).toBe(8);
    expect(commitAfter(events, 12)).toBeUndefined();
  });

  it("of a log that grows are read once, and all of them where older ones come in front", () => {
    const commits = new Commits();
    const log = events.slice(2);
    expect(commits.of(log)).toEqual([8, 12]);
    log.push(event("12.1"), event("15.0"));
    expect(commits.of(log)).toEqual([8, 12, 15]);
    expect(commits.of(events.slice(0, 2).concat(log))).toEqual([3, 8, 12, 15]);
    expect(commits.of([])).toEqual([]);
  });

  it("are found on a slider", () => {
    const seqs = new Commits().of(events);
    expect(seqs).toEqual([3, 8, 12]);
    expect([1, 3, 7, 8, 99].map((seq) => indexOf(seqs, seq))).toEqual([0, 0, 0, 1, 2]);
  });
});
