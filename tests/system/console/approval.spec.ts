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
