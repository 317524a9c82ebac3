/** A layered layout of a directed graph: edges lead downwards where they can, and cross little. */
export interface Box {
  id: string;
  width: number;
  height: number;
}

export interface Link {
  from: string;
  to: string;
  /** How much room the label of the link needs. */
  labelWidth?: number;
}

export interface Point {
  x: number;
  y: number;
}

export interface Layout {
  /** The centres of the boxes. */
  boxes: Map<string, Point>;
  /** For each link, in their order, the points that it passes through. */
  paths: Point[][];
  /** For each link, the centre of its label. */
  labels: Point[];
  width: number;
  height: number;
}

const GAP_X = 24;
const GAP_Y = 20;
const LABEL_HEIGHT = 14;
const MARGIN = 24;
const SWEEPS = 12;

interface Slot {
  key: string;
  width: number;
  height: number;
  x: number;
}

export function layered(boxes: Box[], links: Link[]): Layout {
  const ids = new Set(boxes.map((box) => box.id));
  const usable = links.map((link) => ids.has(link.from) && ids.has(link.to) && link.from !== link.to);
  const turned = turnedLinks(boxes, links, usable);
  const layerOf = layers(boxes, links, usable, turned);
  const rows: Slot[][] = [];
  for (const box of boxes) {
    (rows[layerOf.get(box.id) ?? 0] ??= []).push({ key: box.id, width: box.width, height: box.height, x: 0 });
  }
  for (let index = 0; index < rows.length; index += 1) rows[index] ??= [];
  // Boxes are in every second layer, so that each link passes one between: its label has a place of its own there.
  const chains = links.map((link, index) => (usable[index] ? chainOf(link, index, turned.has(index), layerOf, rows) : []));
  const neighbours = neighboursOf(chains);
  order(rows, neighbours);
  place(rows, neighbours);
  return finish(rows, chains, turned, links, boxes);
}

/** The links that close a cycle: they are laid out as if they led the other way. */
function turnedLinks(boxes: Box[], links: Link[], usable: boolean[]): Set<number> {
  const out = new Map<string, number[]>();
  links.forEach((link, index) => {
    if (usable[index]) out.set(link.from, [...(out.get(link.from) ?? []), index]);
  });
  const turned = new Set<number>();
  const state = new Map<string, "open" | "done">();
  const visit = (id: string) => {
    state.set(id, "open");
    for (const index of out.get(id) ?? []) {
      const to = links[index]?.to ?? "";
      if (state.get(to) === "open") turned.add(index);
      else if (!state.has(to)) visit(to);
    }
    state.set(id, "done");
  };
  for (const box of boxes) if (!state.has(box.id)) visit(box.id);
  return turned;
}

/** The longest path from a box without predecessors. */
function layers(boxes: Box[], links: Link[], usable: boolean[], turned: Set<number>): Map<string, number> {
  const layer = new Map(boxes.map((box) => [box.id, 0]));
  for (let round = 0; round < boxes.length; round += 1) {
    let changed = false;
    links.forEach((link, index) => {
      if (!usable[index]) return;
      const [from, to] = turned.has(index) ? [link.to, link.from] : [link.from, link.to];
      const least = (layer.get(from) ?? 0) + 2;
      if ((layer.get(to) ?? 0) < least) {
        layer.set(to, least);
        changed = true;
      }
    });
    if (!changed) break;
  }
  return layer;
}

/** The slots that a link passes, from the upper to the lower end: one in each layer between. */
function chainOf(link: Link, index: number, isTurned: boolean, layerOf: Map<string, number>, rows: Slot[][]): string[] {
  const [top, bottom] = isTurned ? [link.to, link.from] : [link.from, link.to];
  const chain = [top];
  const begin = (layerOf.get(top) ?? 0) + 1;
  const end = layerOf.get(bottom) ?? 0;
  const labelled = labelLayer(begin, end);
  for (let layer = begin; layer < end; layer += 1) {
    const key = `${index}:${layer}`;
    const width = layer === labelled ? Math.max(12, link.labelWidth ?? 0) : 12;
    (rows[layer] ??= []).push({ key, width, height: 0, x: 0 });
    chain.push(key);
  }
  chain.push(bottom);
  return chain;
}

/** The layer without boxes that is nearest to the middle. */
function labelLayer(begin: number, end: number): number {
  return begin + 2 * Math.floor((end - begin) / 4);
}

function neighboursOf(chains: string[][]): { up: Map<string, string[]>; down: Map<string, string[]> } {
  const up = new Map<string, string[]>();
  const down = new Map<string, string[]>();
  for (const chain of chains) {
    for (let index = 1; index < chain.length; index += 1) {
      const [upper = "", lower = ""] = [chain[index - 1], chain[index]];
      down.set(upper, [...(down.get(upper) ?? []), lower]);
      up.set(lower, [...(up.get(lower) ?? []), upper]);
    }
  }
  return { up, down };
}

type Neighbours = ReturnType<typeof neighboursOf>;

/** Orders each layer by where its neighbours are, downwards and upwards in turn. */
function order(rows: Slot[][], { up, down }: Neighbours): void {
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const isDown = sweep % 2 === 0;
    const indexes = rows.map((_, index) => index);
    for (const index of isDown ? indexes.slice(1) : indexes.slice(0, -1).reverse()) {
      const other = rows[isDown ? index - 1 : index + 1] ?? [];
      const at = new Map(other.map((slot, position) => [slot.key, position]));
      const row = rows[index] ?? [];
      const weight = new Map(row.map((slot, position) => {
        const near = ((isDown ? up : down).get(slot.key) ?? []).map((key) => at.get(key) ?? 0);
        return [slot.key, near.length === 0 ? position : near.reduce((sum, one) => sum + one, 0) / near.length];
      }));
      row.sort((a, b) => (weight.get(a.key) ?? 0) - (weight.get(b.key) ?? 0));
    }
  }
}

/** Gives each slot an x: near its neighbours, and apart from those beside it. */
function place(rows: Slot[][], { up, down }: Neighbours): void {
  const slots = new Map<string, Slot>();
  for (const row of rows) {
    let x = 0;
    for (const slot of row) {
      slot.x = x + slot.width / 2;
      x += slot.width + GAP_X;
      slots.set(slot.key, slot);
    }
    for (const slot of row) slot.x -= (x - GAP_X) / 2;
  }
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const row of sweep % 2 === 0 ? rows : [...rows].reverse()) {
      for (const slot of row) {
        const near = [...(up.get(slot.key) ?? []), ...(down.get(slot.key) ?? [])].map((key) => slots.get(key)?.x ?? 0);
        if (near.length > 0) slot.x = near.reduce((sum, one) => sum + one, 0) / near.length;
      }
      spread(row);
    }
  }
}

/** Moves slots of a row apart, by as much to the left as to the right. */
function spread(row: Slot[]): void {
  const wanted = row.map((slot) => slot.x);
  for (let index = 1; index < row.length; index += 1) {
    const [left, right] = [row[index - 1], row[index]];
    if (left && right) right.x = Math.max(right.x, left.x + (left.width + right.width) / 2 + GAP_X);
  }
  const shift = row.reduce((sum, slot, index) => sum + (slot.x - (wanted[index] ?? 0)), 0) / Math.max(1, row.length);
  for (const slot of row) slot.x -= shift;
}

function finish(rows: Slot[][], chains: string[][], turned: Set<number>, links: Link[], boxes: Box[]): Layout {
  const points = new Map<string, Point>();
  const all = rows.flat();
  const left = Math.min(0, ...all.map((slot) => slot.x - slot.width / 2));
  let y = MARGIN;
  for (const row of rows) {
    const height = Math.max(LABEL_HEIGHT, ...row.map((slot) => slot.height));
    for (const slot of row) points.set(slot.key, { x: slot.x - left + MARGIN, y: y + height / 2 });
    y += height + GAP_Y;
  }
  const paths = chains.map((chain, index) => {
    const path = chain.map((key) => points.get(key) ?? { x: 0, y: 0 });
    return turned.has(index) ? path.reverse() : path;
  });
  links.forEach((link, index) => {
    const point = points.get(link.from);
    if (link.from === link.to && point !== undefined) paths[index] = [point, point];
  });
  const width = Math.max(0, ...all.map((slot) => slot.x + slot.width / 2)) - left + 2 * MARGIN;
  const labels = chains.map((chain) => points.get(chain[1 + 2 * Math.floor((chain.length - 2) / 4)] ?? "") ?? { x: 0, y: 0 });
  const own = new Map(boxes.map((box) => [box.id, points.get(box.id) ?? { x: 0, y: 0 }]));
  return { boxes: own, paths, labels, width, height: y - GAP_Y + MARGIN };
}
