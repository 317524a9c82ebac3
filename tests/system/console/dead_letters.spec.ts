import { expect, open, test } from "./console";

// The browser logs the answer to a retry that is refused.
test.use({ complaints: [/409/] });

test("a person looks at a dead letter, and tries its run again", async ({ page }) => {
  await open(page, "lab", "runs");
  const letters = page.getByRole("region", { name: "Dead letters" });
  // The newest is the first.
  const run = letters.getByRole("row").filter({ hasText: "no use" }).first();
  await expect(run).toContainText("unclaimed of ada");
  await run.getByRole("button", { name: "Show what it was" }).click();
  await expect(run).toContainText('{"n":7}');
  await run.getByRole("button", { name: "Retry" }).click();
  await expect(run).toContainText("requested again");
  await expect(page.getByRole("region", { name: "Open runs" })).toContainText("unclaimed");
});

test("a dead answer that nobody needs any more is not given, and the reason is shown", async ({ page }) => {
  await page.goto("/#/operations");
  const answer = page.getByRole("region", { name: "Dead letters" }).getByRole("row").filter({ hasText: "no use" }).last();
  await answer.getByRole("button", { name: "Retry" }).click();
  await expect(page.getByRole("alert")).toContainText("ended");
});
