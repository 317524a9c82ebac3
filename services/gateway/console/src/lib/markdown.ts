/** The part of Markdown that answers of agents use, as a tree. It becomes elements and text, never HTML. */
export type Inline =
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  | { kind: "strong"; children: Inline[] }
  | { kind: "emphasis"; children: Inline[] }
  | { kind: "link"; href: string; children: Inline[] };

export type Block =
  | { kind: "paragraph"; children: Inline[] }
  | { kind: "quote"; children: Inline[] }
  | { kind: "heading"; level: number; children: Inline[] }
  | { kind: "code"; language: string; text: string }
  | { kind: "list"; ordered: boolean; items: Inline[][] };

const FENCE = /^\s*```(\S*)\s*$/;
const HEADING = /^(#{1,6})\s+(.*)$/;
const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/;
const QUOTE = /^>\s?(.*)$/;

export function parseMarkdown(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  let paragraph: string[] = [];
  const flush = () => {
    if (paragraph.length > 0) blocks.push({ kind: "paragraph", children: parseInline(paragraph.join("\n")) });
    paragraph = [];
  };
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    const fence = FENCE.exec(line);
    const heading = HEADING.exec(line);
    const quote = QUOTE.exec(line);
    if (fence !== null) {
      flush();
      const end = lines.findIndex((other, at) => at > index && /^\s*```\s*$/.test(other));
      const last = end < 0 ? lines.length : end;
      blocks.push({ kind: "code", language: fence[1] ?? "", text: lines.slice(index + 1, last).join("\n") });
      index = last;
    } else if (heading !== null) {
      flush();
      blocks.push({ kind: "heading", level: heading[1]?.length ?? 1, children: parseInline(heading[2] ?? "") });
    } else if (ITEM.test(line)) {
      flush();
      index = takeList(lines, index, blocks) - 1;
    } else if (quote !== null) {
      flush();
      blocks.push({ kind: "quote", children: parseInline(quote[1] ?? "") });
    } else if (line.trim() === "") flush();
    else paragraph.push(line);
  }
  flush();
  return blocks;
}

/** Takes the items that begin at a line, and returns the line behind them. */
function takeList(lines: string[], begin: number, blocks: Block[]): number {
  const ordered = ITEM.exec(lines[begin] ?? "")?.[1] !== undefined;
  const items: string[] = [];
  let index = begin;
  for (; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    const item = ITEM.exec(line);
    if (item !== null) {
      if ((item[1] !== undefined) !== ordered) break;
      items.push(item[2] ?? "");
    } else if (/^\s{2,}\S/.test(line) && items.length > 0) items[items.length - 1] += `\n${line.trim()}`;
    else break;
  }
  blocks.push({ kind: "list", ordered, items: items.map((item) => parseInline(item)) });
  return index;
}

/** Emphasis within emphasis is followed so deep; what is deeper stays text. */
const DEPTH_MAX = 8;
const TOKEN = /`([^`]+)`|\*\*(?=\S)([\s\S]*?\S)\*\*|(?<![\w*])[*_](?=\S)([^*_\n]*?\S)[*_](?!\w)|\[([^\]\n]+)\]\(([^()\s]+)\)|(https?:\/\/[^\s<>()]+[^\s<>().,;:!?'"])/;

export function parseInline(text: string, depth = 0): Inline[] {
  const parts: Inline[] = [];
  let rest = text;
  while (rest !== "") {
    const match = depth > DEPTH_MAX ? null : TOKEN.exec(rest);
    if (match === null) {
      parts.push({ kind: "text", text: rest });
      break;
    }
    if (match.index > 0) parts.push({ kind: "text", text: rest.slice(0, match.index) });
    parts.push(tokenOf(match, depth));
    rest = rest.slice(match.index + match[0].length);
  }
  return parts;
}

function tokenOf(match: RegExpExecArray, depth: number): Inline {
  const [whole, code, strong, emphasis, label, href, address] = match;
  if (code !== undefined) return { kind: "code", text: code };
  if (strong !== undefined) return { kind: "strong", children: parseInline(strong, depth + 1) };
  if (emphasis !== undefined) return { kind: "emphasis", children: parseInline(emphasis, depth + 1) };
  if (address !== undefined) return { kind: "link", href: address, children: [{ kind: "text", text: address }] };
  // A link to anything but a web page could run code, or look like a part of this page.
  if (href !== undefined && /^https?:\/\//i.test(href)) return { kind: "link", href, children: parseInline(label ?? "", depth + 1) };
  return { kind: "text", text: whole };
}
