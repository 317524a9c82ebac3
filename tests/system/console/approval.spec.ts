import { expect, messages, open, post, test } from "./console";

test("a person is asked before a tool is called, and approves the call", async ({ page }) => {
  await open(page, "lab", "chats", "main");
  await post(page, "write it down");
  const main = page.getByRole("navigation", { name: "Console" });
  await expect(main.getByRole("link", { name: /Approvals.*1 waiting/ })).toBeVisible();
  await main.getByRole("link", { name: /Approvals/ }).click();
  const call = page.getByRole("article", { name: "ada in lab" });
  await expect(call).toContainText("note");
  await call.getByRole("button", { name: "Approve" }).click();
  await expect(call).toHaveCount(0);
  await open(page, "lab", "chats", "main");
  await expect(messages(page, "main")).toContainText("I have written it down.");
});

test("a call that a person denies is not made, and the agent gets the reason", async ({ page }) => {
  await open(page, "lab", "chats", "main");
  await post(page, "write it down again");
  const call = messages(page, "main").getByRole("article", { name: "ada in lab" });
  await call.getByRole("button", { name: "Deny" }).click();
  await call.getByRole("textbox", { name: "Reason" }).fill("not today");
  await call.getByRole("button", { name: "Deny", exact: true }).click();
  await expect(messages(page, "main")).toContainText("Then I leave it.");
});

test("a person answers the question of an agent", async ({ page }) => {
  await open(page, "lab", "chats", "main");
  await post(page, "buy milk");
  await page.goto("/#/approvals");
  const question = page.getByRole("article", { name: "ada in lab" });
  const answer = question.getByRole("button", { name: "Answer" });
  await expect(question.getByRole("group", { name: "Which milk?" })).toBeVisible();
  await expect(answer).toBeDisabled();
  await question.getByRole("radio", { name: "Oat" }).check();
  await question.getByRole("textbox", { name: "Answer in words: Which milk?" }).fill("two litres");
  await answer.click();
  await expect(question).toHaveCount(0);
  await open(page, "lab", "chats", "main");
  await expect(messages(page, "main")).toContainText("Oat milk it is.");
});

test("the chat of a past commit has the calls of tools that were made by then", async ({ page }) => {
  const ended = await page.request.get("/v1/worlds/lab/events?type=approval.ended&after=0");
  const { events } = (await ended.json()) as { events: { sequence: string }[] };
  const [approved, denied] = events.map((event) => Number(event.sequence.split(".")[0]));
  const calls = messages(page, "main").locator("summary");
  await page.goto(`/#/w/lab/chats/main?at=${denied}`);
  await expect(calls).toHaveCount(2);
  await expect(calls.first()).toContainText("done");
  await expect(calls.last()).toContainText("failed");
  await expect(messages(page, "main").getByRole("article").first()).toContainText("write it down");
  await page.goto(`/#/w/lab/chats/main?at=${approved! - 1}`);
  await expect(calls).toHaveCount(1);
  await expect(calls).not.toContainText("done");
  await expect(messages(page, "main")).toContainText("ada waited for a person: note");
});
