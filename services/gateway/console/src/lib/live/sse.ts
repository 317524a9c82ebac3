/** Server-sent events, read from the body of a response. The browser's `EventSource` sends no API key. */
export interface SseMessage {
  id: string | undefined;
  event: string;
  data: string;
}

/** Takes text in pieces of any size, and returns the messages that are complete. */
export class SseParser {
  #rest = "";

  /** Empty lines end messages; a comment is a message of the event `comment`. */
  push(text: string): SseMessage[] {
    this.#rest += text;
    const messages: SseMessage[] = [];
    for (;;) {
      const end = this.#rest.indexOf("\n\n");
      if (end < 0) return messages;
      messages.push(parseBlock(this.#rest.slice(0, end)));
      this.#rest = this.#rest.slice(end + 2);
    }
  }
}

function parseBlock(block: string): SseMessage {
  const message: SseMessage = { id: undefined, event: "message", data: "" };
  const data: string[] = [];
  let isComment = true;
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon === 0 || line === "") continue;
    isComment = false;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "id") message.id = value;
    else if (name === "event") message.event = value;
    else if (name === "data") data.push(value);
  }
  if (isComment) message.event = "comment";
  message.data = data.join("\n");
  return message;
}

/** The messages of a response, in batches as they arrive. */
export async function* readSse(body: ReadableStream<Uint8Array>): AsyncGenerator<SseMessage[]> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new SseParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      // Carriage returns may stand before line feeds; JSON holds neither.
      const messages = parser.push(decoder.decode(value, { stream: true }).replaceAll("\r", ""));
      if (messages.length > 0) yield messages;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
