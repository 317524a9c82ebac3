/** Places in a log: `{seq}.{index}`, the commit and the event in it. */
export interface Position {
  seq: number;
  index: number;
}

export function parsePosition(text: string): Position {
  const dot = text.indexOf(".");
  if (dot < 0) return { seq: Number(text), index: Number.MAX_SAFE_INTEGER };
  return { seq: Number(text.slice(0, dot)), index: Number(text.slice(dot + 1)) };
}

/** Negative when `a` is before `b`. */
export function comparePositions(a: string, b: string): number {
  if (a === b) return 0;
  const left = parsePosition(a);
  const right = parsePosition(b);
  return left.seq - right.seq || left.index - right.index;
}

export function seqOf(position: string): number {
  return parsePosition(position).seq;
}
