/** Reads the diagrams that the API draws in DOT: one statement a line, quoted labels. */
export interface DiagramNode {
  id: string;
  /** The first line of the label: the name of a state or a node. */
  name: string;
  /** The rest of it. */
  detail: string;
  shape: string;
  style: string;
}

export interface DiagramEdge {
  from: string;
  to: string;
  label: string;
  style: string;
  isFaint: boolean;
}

export interface Diagram {
  nodes: DiagramNode[];
  edges: DiagramEdge[];
}

const EDGE = /^\s*(\w+)\s*->\s*(\w+)\s*(?:\[(.*)\])?;$/;
const NODE = /^\s*(\w+)\s*\[(.*)\];$/;
const ATTRIBUTE = /(\w+)=("(?:[^"\\]|\\.)*"|[^,\s\]]+)/g;

export function parseDot(text: string): Diagram {
  const nodes: DiagramNode[] = [];
  const edges: DiagramEdge[] = [];
  for (const line of text.split("\n")) {
    const edge = EDGE.exec(line);
    if (edge !== null) {
      const own = attributes(edge[3] ?? "");
      const isFaint = (own.color ?? "").length > 7;
      edges.push({ from: edge[1] ?? "", to: edge[2] ?? "", label: (own.label ?? "").trim(), style: own.style ?? "", isFaint });
      continue;
    }
    const node = NODE.exec(line);
    if (node === null || ["node", "edge", "graph"].includes(node[1] ?? "")) continue;
    const own = attributes(node[2] ?? "");
    const [name = "", ...rest] = (own.label ?? node[1] ?? "").split("\n");
    nodes.push({ id: node[1] ?? "", name, detail: rest.join(" "), shape: own.shape ?? "", style: own.style ?? "" });
  }
  return { nodes, edges };
}

function attributes(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = "", value = ""] of text.matchAll(ATTRIBUTE)) {
    found[name] = value.startsWith('"') ? unescape(value.slice(1, -1)) : value;
  }
  return found;
}

function unescape(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === "n" ? "\n" : character));
}

/** What an edge does, without its arguments: ` 1.record(num_steps=30)` is `record`. */
export function actionOf(label: string): string {
  return /^\s*(?:\d+\.)?([\w-]+)/.exec(label)?.[1] ?? label;
}
