import { expect, it } from "vitest";

import { event } from "./events.fixture";
import { held, payloadOf } from "./held";

it("an event that is held has all of its fields, and its payload", () => {
  const sent = event("4.2", { chat: "main", target: null, other: 7, data: { list: [1, { deep: "ä" }], none: null } });
  const kept = held(sent);
  expect({ ...kept, payload: undefined, data: kept.data }).toEqual({ ...sent, payload: undefined });
  expect(payloadOf(kept)).toBe(payloadOf(sent));
  const another = held(event("4.3", { data: "text" }));
  expect([another.data, kept.data, another.data]).toEqual(["text", sent.data, "text"]);
});
