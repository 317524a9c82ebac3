import { expect, messages, picture, post, test } from "./console";

const ANSWER = "Hello guest, welcome to the lobby!";

test("a person finds a world, chats, and watches the answer being written", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("list", { name: "Worlds" }).getByRole("link", { name: /The Lobby/ }).click();
  const sections = page.getByRole("navigation", { name: "World lobby" });
  await expect(page.getByRole("listbox", { name: "Events, oldest first" }).getByRole("option").first()).toBeVisible();
  await sections.getByRole("link", { name: "Chats" }).click();

  // What is shown of the answer, each time it changes.
  await page.evaluate(() => {
    const seen: string[] = [];
    (window as unknown as { seen: string[] }).seen = seen;
    const look = () => {
      for (const article of document.querySelectorAll("article[aria-busy=true]")) seen.push(article.textContent ?? "");
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await post(page, "@ada hello");
  const log = messages(page, "main");
  await expect(log.getByRole("article").filter({ hasText: "@ada hello" })).toHaveCount(1);
  const answer = log.getByRole("article", { name: /^ada, / });
  await expect(answer).toContainText(ANSWER);
  await expect(log.locator("[aria-busy=true]")).toHaveCount(0);
  await expect(answer).toHaveCount(1);

  const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen);
  const partial = new Set(seen.filter((text) => text.includes("Hello") && !text.includes("crashes")));
  expect(partial.size, `states of the answer: ${[...partial].join(" | ")}`).toBeGreaterThan(3);
  await picture(page, "chat");
});
