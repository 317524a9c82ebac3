import type { Page } from "@playwright/test";

import { expect, open, test } from "./console";

const DESK = "/v1/worlds/helpdesk";

/** Sends a request, and returns what was answered. */
async function send<T>(page: Page, method: "get" | "post" | "delete", path: string, data?: unknown): Promise<T> {
  const response = await page.request[method](path, data === undefined ? {} : { data });
  expect(response.ok(), `${path}: ${await response.text()}`).toBe(true);
  return (await response.json()) as T;
}

test("a person reads what the client of a session got, and what it had got by a commit", async ({ page }) => {
  const before = await send<{ seq: number }>(page, "get", DESK);
  const session = await send<{ id: string }>(page, "post", `${DESK}/flows/desk/sessions`, { entity: "ann" });
  await open(page, "helpdesk", "flows");
  await expect(page.getByRole("img", { name: "Flow desk" })).toBeVisible();
  await page.getByRole("table").getByRole("link", { name: session.id }).click();
  const main = page.getByRole("main");
  await expect(main.getByRole("heading", { name: `Session ${session.id}` })).toBeVisible();
  await expect(main).toContainText("open");

  const request = { type: "system.llm.request", data: { content: "my password is lost" } };
  const sent = await send<{ seq: number }>(page, "post", `${DESK}/sessions/${session.id}/events`, { events: [request] });
  const got = main.getByRole("list", { name: "What the client has got" }).getByRole("listitem");
  await expect(got.filter({ hasText: "agent.llm.response.end" })).toHaveCount(1);
  await expect(main).toContainText("I have sent you a link.");
  await send(page, "delete", `${DESK}/sessions/${session.id}`);
  await expect(main).toContainText("ended: client");

  // Open at the commit of the request, without what came of it; ended now; and not there before it began.
  await page.goto(`/#/w/helpdesk/flows/${session.id}?at=${sent.seq}`);
  await expect(main).toContainText("open");
  await expect(got.filter({ hasText: "agent.ready" })).toHaveCount(1);
  await expect(main).not.toContainText("I have sent you a link.");
  const ended = await send<{ seq: number }>(page, "get", DESK);
  await page.goto(`/#/w/helpdesk/flows?at=${ended.seq}`);
  await expect(page.getByRole("row").filter({ hasText: session.id })).toContainText("ended: client");
  await page.goto(`/#/w/helpdesk/flows?at=${before.seq}`);
  await expect(main).toContainText("No session had begun.");
});

test("a person filters the events of a world by type, entity, chat and text", async ({ page }) => {
  const messages = "/v1/worlds/lobby/chats/main/messages";
  await send(page, "post", messages, { sender: "guest", text: "@bob first words" });
  await send(page, "post", messages, { sender: "guest", text: "@bob second words" });
  await open(page, "lobby", "timeline");
  const rows = page.getByRole("listbox", { name: "Events, oldest first" }).getByRole("option");
  const filters = page.getByRole("search", { name: "Filter events" });
  const type = filters.getByRole("combobox", { name: "Type" });
  await expect(type.getByRole("option", { name: "message.posted" })).toHaveCount(1);

  await type.selectOption("message.posted");
  await expect(rows).toHaveCount(4);
  await filters.getByRole("combobox", { name: "Entity" }).selectOption("guest");
  await expect(rows.filter({ hasText: "words" })).toHaveCount(2);
  await filters.getByRole("searchbox", { name: "Text in the event" }).fill("SECOND");
  await expect(rows).toHaveCount(1);
  await expect(rows).toContainText("second words");
  await expect(page.getByRole("status").filter({ hasText: /^\s*1 of \d+\s*$/ })).toHaveCount(1);

  // What arrives meanwhile passes the filter too, or does not.
  await send(page, "post", messages, { sender: "guest", text: "@bob third words" });
  await send(page, "post", messages, { sender: "guest", text: "@bob second time" });
  await expect(rows).toHaveCount(2);
  await expect(rows.last()).toContainText("second time");
  await filters.getByRole("button", { name: "Clear" }).click();
  await filters.getByRole("combobox", { name: "Chat" }).selectOption("main");
  const chats = await rows.evaluateAll((all) => all.length);
  expect(chats).toBeGreaterThan(4);
  await expect(rows.filter({ hasText: "entity.created" })).toHaveCount(0);
});

test("an event leads to its trace, its causes and its effects", async ({ page }) => {
  const trace = "0af7651916cd43dd8448eb211c80319c";
  const message = { sender: "guest", text: "@bob with a trace" };
  const headers = { traceparent: `00-${trace}-b7ad6b7169203331-01` };
  await page.request.post("/v1/worlds/lobby/chats/main/messages", { data: message, headers });
  await open(page, "lobby", "timeline");
  await page.getByRole("searchbox", { name: "Text in the event" }).fill("with a trace");
  const posted = page.getByRole("option").filter({ hasText: "message.posted" }).filter({ hasText: "guest" });
  await posted.click();
  const detail = page.getByRole("complementary", { name: /^Event / });
  const link = detail.getByRole("link", { name: trace });
  await expect(link).toHaveAttribute("href", `https://traces.example/trace/${trace}`);
  await expect(link).toHaveAttribute("target", "_blank");
  // From the message to the run that it caused, to the answer, and back.
  await detail.getByRole("button", { name: "action.requested" }).click();
  await expect(detail.getByRole("heading", { name: "action.requested" })).toBeVisible();
  await detail.getByRole("button", { name: "message.posted" }).first().click();
  await expect(detail).toContainText("@bob with a trace");
  await detail.getByRole("button", { name: "Close the event" }).click();
  await expect(detail).toHaveCount(0);
});

test.describe("a page whose gateway has another version by now", () => {
  test.use({ complaints: [/Failed to load resource/] });

  test("offers to load the page again where a part of it is missing", async ({ page }) => {
    await page.goto("/");
    await page.route("**/assets/NewWorld-*.js", (route) => route.abort());
    await page.getByRole("link", { name: "New world" }).click();
    await expect(page.getByRole("alert")).toContainText("could not be loaded");
    await page.unroute("**/assets/NewWorld-*.js");
    await page.getByRole("button", { name: "Load the page again" }).click();
    await expect(page.getByRole("textbox", { name: /World file/ })).toBeVisible();
  });
});
