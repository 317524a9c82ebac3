// What the tests share: a page on which nothing may go wrong unseen, and screenshots for the documents.
import { test as base, expect, type Page } from "@playwright/test";

interface Fixtures {
  /** What the browser may complain about in a test in which it has to. */
  complaints: RegExp[];
}

/** A test whose page logs no error, breaks no rule of its content security policy, and asks no other host. */
export const test = base.extend<Fixtures>({
  complaints: [[], { option: true }],
  page: async ({ page, baseURL, complaints }, use) => {
    const found: string[] = [];
    page.on("pageerror", (error) => found.push(`error: ${error.message}`));
    page.on("console", (message) => {
      const text = `${message.text()} (${message.location().url})`;
      const isWanted = complaints.some((pattern) => pattern.test(text));
      if (message.type() === "error" && !isWanted) found.push(`console: ${text}`);
    });
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(`${baseURL}/`) && !/^(data|blob|about):/.test(url)) found.push(`other host: ${url}`);
    });
    await use(page);
    expect(found).toEqual([]);
  },
});

export { expect };

/** Opens a section of a world. */
export async function open(page: Page, world: string, ...section: string[]): Promise<void> {
  const path = ["w", world, ...section].map(encodeURIComponent).join("/");
  await page.goto(`/#/${path}`);
  await expect(page.getByRole("navigation", { name: `World ${world}` })).toBeVisible();
}

/** Posts a message in the chat that is open. */
export async function post(page: Page, text: string): Promise<void> {
  await page.getByRole("textbox", { name: "Message", exact: true }).fill(text);
  await page.getByRole("button", { name: "Send", exact: true }).click();
}

/** The messages of a chat. */
export const messages = (page: Page, chat: string) => page.getByRole("log", { name: `Messages of ${chat}` });

/** Keeps what the page shows as a picture for the documents, where they are to be renewed. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.CONSOLE_PICTURES;
  if (folder === undefined) return;
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: `${folder}/console-${name}.png`, animations: "disabled" });
}
