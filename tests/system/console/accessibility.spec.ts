import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

import { expect, picture, test } from "./console";

const PAGES = [
  ["worlds", "#/"],
  ["new", "#/new"],
  ["approvals-list", "#/approvals"],
  ["operations", "#/operations"],
  ["timeline", "#/w/lobby/timeline"],
  ["chats", "#/w/lobby/chats/main"],
  ["entities", "#/w/lobby/entities/ada"],
  ["graph", "#/w/lobby/graph"],
  ["interactions", "#/w/lobby/interactions"],
  ["streams", "#/w/lobby/streams"],
  ["flows", "#/w/lobby/flows"],
  ["runs", "#/w/lobby/runs"],
  ["changes", "#/w/lobby/changes"],
  ["past-chats", "#/w/lobby/chats/main?at=2"],
] as const;
const WIDTHS = [360, 768, 1440];
/** What the documents show. */
const PICTURES = ["timeline-dark-1440", "operations-light-1440"];

/** What axe finds, in short. */
async function violations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.failureSummary ?? ""}`));
}

for (const scheme of ["light", "dark"] as const) {
  for (const width of WIDTHS) {
    test(`no page has a barrier, ${scheme}, ${width} pixels wide`, async ({ page }) => {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 900 });
      for (const [name, address] of PAGES) {
        await test.step(name, async () => {
          await page.goto(`/${address}`);
          await expect(page.getByRole("main")).not.toBeEmpty();
          await page.waitForLoadState("networkidle", { timeout: 2000 }).catch(() => undefined);
          expect.soft(await violations(page), name).toEqual([]);
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          expect.soft(overflow, `${name} is wider than the window`).toBeLessThanOrEqual(0);
          const shown = `${name}-${scheme}-${width}`;
          if (PICTURES.includes(shown)) await picture(page, shown);
        });
      }
    });
  }
}

test("the keyboard reaches everything on the way to an answer", async ({ page }) => {
  await page.goto("/#/w/lobby/chats/main");
  await expect(page.getByRole("textbox", { name: "Message", exact: true })).toBeVisible();
  await page.getByRole("link", { name: "Skip to the content" }).press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
  const message = page.getByRole("textbox", { name: "Message", exact: true });
  await expect(async () => {
    await page.keyboard.press("Tab");
    await expect(message).toBeFocused({ timeout: 10 });
  }).toPass({ intervals: [0] });
  await page.keyboard.type("@bob hello");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("log")).toContainText("I am Bob");
});
