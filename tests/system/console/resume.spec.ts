import { expect, messages, open, test } from "./console";

// While the gateway is gone, the browser reports each attempt to reach it.
test.use({ complaints: [/ERR_CONNECTION|ERR_INCOMPLETE_CHUNKED|Failed to load resource|net::ERR/] });

test("the page resumes by itself after its gateway was killed, with nothing missing", async ({ page }) => {
  await open(page, "lobby", "chats", "main");
  const log = messages(page, "main");
  await expect(log).toContainText("before the fault");
  await expect(page.getByRole("status").filter({ hasText: /^Live$/ })).toHaveCount(1);
  // The test that has started this one reads the line, and kills the gateway; others go on meanwhile.
  console.log("READY FOR THE FAULT");
  await expect(page.getByRole("status").filter({ hasText: "Connection lost" })).toHaveCount(1);
  await expect(page.getByRole("status").filter({ hasText: /^Live$/ })).toHaveCount(1, { timeout: 90_000 });
  for (let number = 1; number <= 20; number += 1) {
    const text = new RegExp(`meanwhile ${number}(?!\\d)`);
    await expect(log.getByRole("article").filter({ hasText: text })).toHaveCount(1);
  }
  // Each once, and in their order.
  const texts = await log.getByRole("article").allInnerTexts();
  const numbers = texts.flatMap((text) => /meanwhile (\d+)/.exec(text)?.[1] ?? []).map(Number);
  expect(numbers).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
});
