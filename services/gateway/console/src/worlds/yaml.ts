/** World files: YAML, or JSON, which is YAML too. */
import { LineCounter, isNode, isScalar, parseDocument, visit, type Document } from "yaml";

export interface Place {
  line: number;
  column: number;
}

export interface Fault {
  message: string;
  place?: Place | undefined;
}

export type Parsed = { value: Record<string, unknown>; placeOf: (field: string) => Place | undefined } | { faults: Fault[] };

export function parseWorldFile(text: string): Parsed {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) {
    const faults = document.errors.map((error) => ({ message: error.message, place: placeAt(lines, error.pos[0]) }));
    return { faults };
  }
  keepLeadingZeros(document);
  const value: unknown = document.toJS();
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { faults: [{ message: "a world file is a map with the field `id`", place: { line: 1, column: 1 } }] };
  }
  return { value: value as Record<string, unknown>, placeOf: (field) => placeOf(document, lines, field) };
}

/** A number with a leading zero is a text, as the command line reads it: a postal code stays what it is. */
function keepLeadingZeros(document: Document): void {
  visit(document, {
    Scalar(_, node) {
      if (node.type === "PLAIN" && typeof node.value === "number" && /^[-+]?0\d/.test(node.source ?? "")) {
        node.value = node.source;
      }
    },
  });
}

/** `entities[1].agent.brain` as `["entities", 1, "agent", "brain"]`. */
export function fieldParts(field: string): (string | number)[] {
  const parts: (string | number)[] = [];
  for (const match of field.matchAll(/\[(\d+)\]|([^.[\]]+)/g)) {
    parts.push(match[1] === undefined ? (match[2] ?? "") : Number(match[1]));
  }
  return parts;
}

/** Where the field is written, or the innermost field around it that is written at all. */
function placeOf(document: Document, lines: LineCounter, field: string): Place | undefined {
  const parts = fieldParts(field);
  for (let length = parts.length; length > 0; length -= 1) {
    const node = document.getIn(parts.slice(0, length), true);
    if (isNode(node) && node.range) return placeAt(lines, node.range[0]);
    if (isScalar(node)) return undefined;
  }
  return undefined;
}

function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}
