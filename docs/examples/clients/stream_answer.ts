// Posts a message in a chat, and prints the answers while they are written.
//
//     node stream_answer.js http://127.0.0.1:7000 lobby main '@ada hello'
//
// MANYWORLDS_API_KEY has the API key, where the gateway asks for one.

import createClient from "openapi-fetch";
import type { components, paths } from "./manyworlds.js";

type Problem = components["schemas"]["ProblemDetails"];

/** The name and the data of each event of a response. */
async function* serverSentEvents(body: ReadableStream<Uint8Array>) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true });
    const events = rest.split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) {
      const values = (field: string) =>
        event.split("\n").filter((line) => line.startsWith(`${field}:`)).map((line) => line.slice(field.length + 1).trim());
      const data = values("data").join("\n");
      if (data) yield { name: values("event")[0] ?? "message", data: JSON.parse(data) };
    }
  }
}

const [baseUrl, world, chat, text] = process.argv.slice(2);
const key = process.env.MANYWORLDS_API_KEY;
const client = createClient<paths>({ baseUrl, headers: key ? { "X-Api-Key": key } : {} });

function stop(error: Problem): never {
  console.error(error.detail);
  process.exit(1);
}

// A request that is answered at once: its response is typed.
const shown = await client.GET("/v1/worlds/{world}", { params: { path: { world } } });
if (shown.error) stop(shown.error);
console.log(`${shown.data.name}, commits ${shown.data.first_seq} to ${shown.data.seq}`);

// One that is answered with a stream.
const posted = await client.POST("/v1/worlds/{world}/chats/{chat}/messages", {
  params: { path: { world, chat } },
  body: { sender: "guest", text, stream: true },
  parseAs: "stream",
});
if (posted.error) stop(posted.error);
for await (const { name, data } of serverSentEvents(posted.response.body!)) {
  if (name === "chunk") process.stdout.write(data.text);
}
console.log();
