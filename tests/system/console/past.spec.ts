import { expect, messages, open, picture, post, test } from "./console";

test("a person slides to the past, and sees the world as it was", async ({ page }) => {
  await open(page, "lobby", "chats", "main");
  const log = messages(page, "main");
  for (const [index, text] of ["@bob first", "@bob second"].entries()) {
    await post(page, text);
    await expect(log).toContainText(text);
    await expect(log.getByRole("article", { name: /^bob, / })).toHaveCount(index + 1);
  }
  await page.getByRole("button", { name: "Past", exact: true }).click();
  const past = page.getByRole("region", { name: "Past" });
  const slider = past.getByRole("slider", { name: "Commit" });
  await expect(slider).toBeVisible();
  const posted = await page.request.get("/v1/worlds/lobby/events?type=message.posted&last=true");
  const { events } = (await posted.json()) as { events: { sequence: string; data: { text: string } }[] };
  const second = events.find((event) => event.data.text === "@bob second");
  const before = Number(second?.sequence.split(".")[0]) - 1;
  await slider.focus();
  await expect(async () => {
    await slider.press("ArrowLeft");
    await expect(slider).toHaveAttribute("aria-valuetext", `commit ${before}`, { timeout: 1000 });
  }).toPass({ timeout: 60_000 });
  await expect(past).toContainText(`commit ${before} ·`);
  await expect(log).not.toContainText("second");
  await expect(log).toContainText("first");
  await expect(page.getByRole("textbox", { name: "Message", exact: true })).toHaveCount(0);
  await picture(page, "past");
  // The address has the moment: it can be shared.
  expect(page.url()).toContain(`at=${before}`);
  await page.reload();
  await expect(past).toContainText(`commit ${before} ·`);
  await expect(log).toContainText("first");
  await expect(log).not.toContainText("second");
  await past.getByRole("button", { name: "Back to now" }).click();
  await expect(log).toContainText("second");
});
