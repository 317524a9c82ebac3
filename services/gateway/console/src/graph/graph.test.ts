import { describe, expect, it } from "vitest";

import { event } from "../lib/live/events.fixture";
import { strongest, Ties } from "./conversations";
import { actionOf, parseDot } from "./dot";
import { layered } from "./layered";

const DOT = `digraph behaviour {
  node [fontsize=8];
  node0 [id="node0", label="init", shape=diamond, style=filled];
  node1 [id="node1", label="busy\\nsay(text='a, \\"b\\"')", shape=oval, style=solid];
  node0 -> node1 [id="edge0", label=" 1.record(n=30,\\nstreams=['a']) ", style=dashed, color="#000000"];
  node1 -> node1 [id="edge1", label=" 2.nop()\\n[delay=45] ", style=solid, color="#00000050"];
  client [shape=oval];
  client -> node0;
}`;

describe("diagrams", () => {
  it("are read with names, details and edges", () => {
    const { nodes, edges } = parseDot(DOT);
    expect(nodes.map((node) => [node.id, node.name])).toEqual([["node0", "init"], ["node1", "busy"], ["client", "client"]]);
    expect(nodes[1]?.detail).toBe(`say(text='a, "b"')`);
    expect(edges).toHaveLength(3);
    expect(edges[0]).toMatchObject({ from: "node0", to: "node1", style: "dashed", isFaint: false });
    expect(edges[1]?.isFaint).toBe(true);
    expect(edges.map((edge) => actionOf(edge.label))).toEqual(["record", "nop", ""]);
  });
});

describe("the layout", () => {
  const box = (id: string) => ({ id, width: 80, height: 30 });

  it("leads downwards, also around a cycle", () => {
    const { boxes, paths } = layered(["a", "b", "c"].map(box), [{ from: "a", to: "b" }, { from: "b", to: "c" }, { from: "c", to: "a" }]);
    const y = (id: string) => boxes.get(id)?.y ?? 0;
    expect(y("a")).toBeLessThan(y("b"));
    expect(y("b")).toBeLessThan(y("c"));
    expect(paths[2]?.[0]).toEqual(boxes.get("c"));
    expect(paths[2]?.at(-1)).toEqual(boxes.get("a"));
  });

  it("lays no box or label over another", () => {
    const ids = Array.from({ length: 12 }, (_, index) => `n${index}`);
    const links = ids.slice(1).flatMap((id, index) => [
      { from: "n0", to: id, labelWidth: 90 },
      { from: id, to: ids[(index * 5) % 12] ?? "n0", labelWidth: 60 },
    ]);
    const { boxes, labels, width } = layered(ids.map(box), links);
    const things = [
      ...[...boxes.values()].map((point) => ({ ...point, width: 80 })),
      ...labels.flatMap((point, index) => (links[index]?.from === links[index]?.to ? [] : [{ ...point, width: links[index]?.labelWidth ?? 0 }])),
    ];
    things.forEach((one, index) => {
      expect(one.x + one.width / 2).toBeLessThanOrEqual(width);
      for (const other of things.slice(index + 1)) {
        if (one.y === other.y) expect(Math.abs(one.x - other.x)).toBeGreaterThanOrEqual((one.width + other.width) / 2);
      }
    });
  });

  it("copes with nothing, with loops and with edges to nobody", () => {
    expect(layered([], []).paths).toEqual([]);
    const { paths } = layered([box("a")], [{ from: "a", to: "a" }, { from: "a", to: "z" }]);
    expect(paths[0]).toHaveLength(2);
    expect(paths[1]).toEqual([]);
  });
});

describe("who talks to whom", () => {
  it("counts questions, answers, requests and targets", () => {
    const ties = new Ties();
    ties.add([
      event("1.0", { id: "m1", type: "message.posted", sender: "guest", data: { text: "hi", answerers: ["ada"] } }),
      event("2.0", { type: "message.posted", sender: "ada", data: { text: "hello", in_reply_to: "m1" } }),
      event("3.0", { type: "interaction.requested", sender: "ada", target: "bob", data: { targets: ["bob"] } }),
      event("4.0", { sender: "till", target: "ada,bob" }),
      event("5.0", { sender: "world", target: "ada" }),
    ]);
    const names = ties.all.map((tie) => `${tie.from} ${tie.to} ${tie.count}`).sort();
    expect(names).toEqual(["ada bob 1", "ada guest 1", "guest ada 1", "till ada 1", "till bob 1"]);
    expect(strongest(ties.all, 2).entities).toHaveLength(2);
  });
});
