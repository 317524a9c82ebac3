import { describe, expect, it } from "vitest";

import { event } from "../lib/live/events.fixture";
import { branchId, conversation, withPosted, type Message } from "./conversation";

const first: Message = { id: "m1", position: "4.0", sender: "guest", text: "hello", at: "2026-01-01T00:00:01.000Z", from_agent: false };
const posted = event("6.0", {
  id: "m2", type: "message.posted", sender: "ada", chat: "main", time: "2026-01-01T00:00:03.000Z", data: { text: "hi", sender_kind: "agent" },
});

describe("a conversation", () => {
  it("goes on with what is posted while it is shown, each message once", () => {
    expect(withPosted([first], [posted], "main").map((message) => message.id)).toEqual(["m1", "m2"]);
    expect(withPosted([first], [event("4.0", { id: "m1", type: "message.posted", chat: "main" })], "main")).toHaveLength(1);
    expect(withPosted([first], [posted], "bench")).toHaveLength(1);
    expect(withPosted([], [posted], "main")[0]).toMatchObject({ from_agent: true, text: "hi" });
  });

  it("shows calls of tools with what came of them, and failures", () => {
    const made = event("5.0", {
      type: "action.completed", sender: "ada", chat: "main", correlationid: "t", time: "2026-01-01T00:00:02.000Z",
      data: { invocation: "r", calls: [{ id: "call-1", name: "tickets_open", arguments: { title: "x" } }] },
    });
    const ended = event("5.1", {
      type: "action.completed", sender: "tickets", chat: "main", correlationid: "t", time: "2026-01-01T00:00:02.100Z", data: { call: "call-1", output: { text: "done" } },
    });
    const failed = event("7.0", { type: "action.failed", sender: "bob", chat: "main", time: "2026-01-01T00:00:04.000Z", data: { code: "timeout", reason: "too late" } });
    const items = conversation(withPosted([first], [posted], "main"), [made, ended, posted, failed]);
    expect(items.map((item) => item.kind)).toEqual(["message", "call", "message", "failure"]);
    expect(items[1]).toMatchObject({ agent: "ada", call: { name: "tickets_open", output: { text: "done" } } });
    expect(items[3]).toMatchObject({ text: "timeout: too late" });
  });

  it("shows what a person has decided about a call", () => {
    const made = event("5.0", {
      type: "action.completed", sender: "ada", correlationid: "t", data: { calls: ["a", "b", "c"].map((id) => ({ id, name: id, arguments: {} })) },
    });
    const asked = ["a", "b", "c"].map((id) => event(`5.${id}`, { id: `approval-${id}`, type: "approval.requested", correlationid: "t", data: { call: { id } } }));
    const decide = (id: string, verdict: unknown) => event("6.0", { type: "approval.ended", correlationid: "t", data: { approval: `approval-${id}`, verdict } });
    const ends = [decide("a", { denied: { reason: "not that one" } }), decide("b", { answered: { answers: [1] } }), decide("c", "expired")];
    const calls = conversation([], [made, ...asked, ...ends]).flatMap((item) => (item.kind === "call" ? [item.call] : []));
    expect(calls.map((call) => [call.failed, call.output])).toEqual([["denied: not that one", undefined], [undefined, [1]], ["expired", undefined]]);
  });

  it("leaves out what agents did before its first message", () => {
    const old = event("1.0", { type: "action.failed", time: "2025-12-31T00:00:00.000Z", data: {} });
    expect(conversation([first], [old])).toHaveLength(1);
  });

  it("branches under an id that is free", () => {
    expect(branchId("main", new Set(["main", "main-2"]))).toBe("main-3");
  });
});
